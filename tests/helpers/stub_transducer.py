"""Write the tiny online transducer of ``tests/data/stub-transducer``: ``python -m tests.helpers.stub_transducer``.

Its weights are random and its text means nothing, but sherpa-onnx runs it as it runs a real one: a state per
utterance, steps of 40 ms, several utterances in one call. The package ``onnx`` is needed only to write it.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER: Final = Path(__file__).resolve().parent.parent / "data" / "stub-transducer"
_PIECES: Final = ("<blk>", "<unk>", *(f"▁{letter}" for letter in "abcdefghijklmnopqr"))
_WIDTH: Final = 16
_FRAMES: Final = 9
_BINS: Final = 80
_TURN: Final = 0.7
_CREST: Final = 0.9
_BLANK: Final = 2.0
_RANDOM: Final = np.random.default_rng(1)


def write(folder: Path) -> None:
    """Write encoder, decoder, joiner and tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    _save(folder / "encoder.onnx", _encoder(), model_type="lstm", T=_FRAMES, decode_chunk_len=4, **_SIZES)
    _save(folder / "decoder.onnx", _decoder(), context_size=2, vocab_size=len(_PIECES))
    _save(folder / "joiner.onnx", _joiner(), joiner_dim=_WIDTH)
    (folder / "tokens.txt").write_text("".join(f"{piece} {number}\n" for number, piece in enumerate(_PIECES)))


_SIZES: Final = {"num_encoder_layers": 1, "rnn_hidden_size": _WIDTH, "d_model": _WIDTH, "version": 1}


def _encoder() -> Any:
    """Return a graph that keeps half of its last sum, counts its steps, and speaks up a few times a second."""
    node, state = helper.make_node, [1, "N", _WIDTH]
    nodes = [
        node("ReduceMean", ["x", "frames"], ["mean"], keepdims=1),
        node("MatMul", ["mean", "weights"], ["seen"]),
        node("Transpose", ["h"], ["before"], perm=[1, 0, 2]),
        node("Mul", ["before", "half"], ["kept"]),
        node("Add", ["seen", "kept"], ["sum"]),
        node("Tanh", ["sum"], ["heard"]),
        node("Transpose", ["heard"], ["next_h"], perm=[1, 0, 2]),
        node("Add", ["c", "one"], ["next_c"]),
        node("Mul", ["c", "turn"], ["angle"]),
        node("Sin", ["angle"], ["wave"]),
        node("Greater", ["wave", "crest"], ["high"]),
        node("Cast", ["high"], ["gate"], to=TensorProto.FLOAT),
        node("Transpose", ["gate"], ["open"], perm=[1, 0, 2]),
        node("Mul", ["heard", "open"], ["encoder_out"]),
    ]
    inputs = [_tensor("x", ["N", _FRAMES, _BINS]), _tensor("h", state), _tensor("c", state)]
    outputs = [_tensor("encoder_out", ["N", 1, _WIDTH]), _tensor("next_h", state), _tensor("next_c", state)]
    numbers = {"half": 0.5, "one": 1.0, "turn": _TURN, "crest": _CREST}
    constants = {name: np.array(value, np.float32) for name, value in numbers.items()}
    constants |= {"frames": np.array([1]), "weights": _random(_BINS, _WIDTH)}
    return helper.make_graph(nodes, "encoder", inputs, outputs, _constants(constants))


def _decoder() -> Any:
    nodes = [
        helper.make_node("Gather", ["embedding", "y"], ["pieces"]),
        helper.make_node("ReduceMean", ["pieces", "axis"], ["decoder_out"], keepdims=0),
    ]
    inputs = [helper.make_tensor_value_info("y", TensorProto.INT64, ["N", 2])]
    constants = {"embedding": _random(len(_PIECES), _WIDTH), "axis": np.array([1])}
    outputs = [_tensor("decoder_out", ["N", _WIDTH])]
    return helper.make_graph(nodes, "decoder", inputs, outputs, _constants(constants))


def _joiner() -> Any:
    nodes = [
        helper.make_node("Add", ["encoder_out", "decoder_out"], ["sum"]),
        helper.make_node("MatMul", ["sum", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["logit"]),
    ]
    inputs = [_tensor("encoder_out", ["N", _WIDTH]), _tensor("decoder_out", ["N", _WIDTH])]
    bias = np.array([_BLANK, *[0] * (len(_PIECES) - 1)], np.float32)  # as many words as people say
    constants = _constants({"weights": _random(_WIDTH, len(_PIECES)), "bias": bias})
    return helper.make_graph(nodes, "joiner", inputs, [_tensor("logit", ["N", len(_PIECES)])], constants)


def _random(*shape: int) -> Any:
    return (_RANDOM.standard_normal(shape) / 2).astype(np.float32)


def _tensor(name: str, shape: list[Any]) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _constants(values: dict[str, Any]) -> list[Any]:
    return [numpy_helper.from_array(value, name) for name, value in values.items()]


def _save(path: Path, graph: Any, **facts: object) -> None:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    helper.set_model_props(model, {name: str(value) for name, value in facts.items()})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


if __name__ == "__main__":
    write(FOLDER)
