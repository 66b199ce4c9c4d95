"""Export of an installed FunASR model to an ONNX graph, for the engines that need no torch.

    python -P -m worker.engines.onnx_export FOLDER NEW_FOLDER int8

It runs in a process of its own, and needs the extra ``funasr`` and no network. The graphs have the inputs and
outputs of FunASR's published exports: its classes prepare themselves for tracing (``export_meta``). int8 means
dynamic quantisation of the matrix products, with a scale per channel; fp16 keeps float32 inputs and outputs.

Exit status: 0 exported; 3 not possible, and standard error says why.
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from protocol.engine import EngineUnavailable
from worker.engines.funasr import FAMILIES, class_in, load_auto_model, without_side_effects
from worker.engines.model_loading import needed_library
from worker.engines.onnx_session import FILES
from worker.engines.vocabulary import read_vocabulary

_IMPOSSIBLE: Final = 3
_OPSET: Final = 14
_LONGEST_FRAMES: Final = 1024  # of 60 ms: a graph of Paraformer has a mask of this length
_KEPT: Final = ("am.mvn", "config.yaml", "tokens.json", "*.bpe.model")


class TraceableModel(NamedTuple):
    """Torch module with example inputs and the names of its inputs and outputs."""

    module: Any
    example: tuple[Any, ...]
    inputs: list[str]
    outputs: list[str]
    axes: dict[str, dict[int, str]]


def export(folder: Path, into: Path, precision: str) -> Path:
    """Write the model of ``folder`` with all that an engine needs to the folder ``into``; return the graph's path.

    Raises ``EngineUnavailable``.
    """
    if precision not in FILES:
        raise EngineUnavailable(f"the precision is one of {', '.join(FILES)}, not {precision!r}")
    with needed_library("the export needs onnx", "funasr"):
        import onnx  # noqa: F401 # torch needs it for tracing, and reports its absence late
    model_class = class_in(folder)
    if model_class not in FAMILIES:
        raise EngineUnavailable(
            f"the model in {str(folder)!r} is a {model_class}: only {', '.join(FAMILIES)} are exported"
        )
    read_vocabulary(folder)
    into.mkdir(parents=True, exist_ok=True)
    for pattern in _KEPT:
        for path in folder.glob(pattern):
            shutil.copyfile(path, into / path.name)
    path, traced = into / FILES[precision], into / "traced.onnx"
    trace(folder, model_class, traced)
    _CONVERSIONS[precision](traced, path)
    traced.unlink(missing_ok=True)
    return path


def trace(folder: Path, model_class: str, path: Path) -> None:
    """Write the model's graph with float32 weights to ``path``."""
    auto = load_auto_model(str(folder), "cpu", 0)
    import torch

    with without_side_effects(), torch.inference_mode():
        model = traceable(auto, model_class)
        model.module.eval()
        torch.onnx.export(
            model.module,
            model.example,
            str(path),
            input_names=model.inputs,
            output_names=model.outputs,
            dynamic_axes=model.axes,
            opset_version=_OPSET,
            dynamo=False,  # the newer exporter needs more packages, and fixes sizes that vary here
        )


def traceable(auto: Any, model_class: str) -> TraceableModel:
    """Return the model of FunASR's ``AutoModel``, prepared for tracing.

    Models with hotwords are exported without them: the decoder of the text is the same.
    """
    parts = {name: auto.kwargs[name] for name in ("encoder", "predictor", "decoder") if name in auto.kwargs}
    options = {**parts, "type": "onnx", "device": "cpu", "max_seq_len": _LONGEST_FRAMES}
    if model_class == "SenseVoiceSmall":
        module = auto.model.export(**options)
    else:
        from funasr.models.paraformer.export_meta import export_rebuild_model

        module = export_rebuild_model(auto.model, **options)
    return TraceableModel(
        module,
        module.export_dummy_inputs(),
        module.export_input_names(),
        module.export_output_names(),
        module.export_dynamic_axes(),
    )


def quantise(traced: Path, path: Path) -> None:
    """Write the graph with int8 weights of its matrix products."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with without_side_effects():
        quantize_dynamic(
            traced, path, op_types_to_quantize=["MatMul"], per_channel=True, weight_type=QuantType.QUInt8
        )


def halve(traced: Path, path: Path) -> None:
    """Write the graph with float16 weights and operators, and float32 inputs and outputs."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    with without_side_effects():
        onnx.save(convert_float_to_float16(onnx.load(traced), keep_io_types=True), path)


def _keep(traced: Path, path: Path) -> None:
    traced.replace(path)


_CONVERSIONS: Final[dict[str, Callable[[Path, Path], None]]] = {"int8": quantise, "fp16": halve, "fp32": _keep}


def main() -> None:
    """Run the export that the command line describes."""
    folder, into, precision = sys.argv[1:]
    try:
        export(Path(folder), Path(into), precision)
    except EngineUnavailable as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_IMPOSSIBLE)


if __name__ == "__main__":
    main()
