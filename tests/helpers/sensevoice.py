"""Provide SenseVoiceSmall at full size, the digits model as graphs, and the scores of torch."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.helpers.digits import MODEL
from worker.engines.funasr import load_auto_model
from worker.engines.onnx_export import export, halve, quantise
from worker.engines.onnx_session import FILES

PIECES = 25_055
"""Size of the real vocabulary."""

_CONFIG = """\
model: SenseVoiceSmall
model_conf: {length_normalized_loss: true, sos: 1, eos: 2, ignore_id: -1}
encoder: SenseVoiceEncoderSmall
encoder_conf:
    output_size: 512
    attention_heads: 4
    linear_units: 2048
    num_blocks: 50
    tp_blocks: 20
    dropout_rate: 0.1
    positional_dropout_rate: 0.1
    attention_dropout_rate: 0.1
    input_layer: pe
    pos_enc_class: SinusoidalPositionEncoder
    normalize_before: true
    kernel_size: 11
    sanm_shfit: 0
    selfattention_layer_type: sanm
frontend: WavFrontend
frontend_conf: {fs: 16000, window: hamming, n_mels: 80, lfr_m: 7, lfr_n: 6, cmvn_file: null}
tokenizer: CharTokenizer
tokenizer_conf: {unk_symbol: <unk>, split_with_space: true, token_list: null}
"""


def write_full_size(folder: Path) -> Path:
    """Write a model folder of SenseVoiceSmall's real size, with random weights that are the same in every run."""
    import torch

    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(_CONFIG)
    places = {"frontend_conf": {"cmvn_file": "am.mvn"}, "tokenizer_conf": {"token_list": "tokens.json"}}
    names = {"init_param": "model.pt", "config": "config.yaml", **places}
    (folder / "configuration.json").write_text(json.dumps({"file_path_metas": names}))
    pieces = ["<unk>", *(f"n{number} " for number in range(1, PIECES))]
    (folder / "tokens.json").write_text(json.dumps(pieces))
    shutil.copy(MODEL / "am.mvn", folder)
    made = load_auto_model(str(folder), "cpu", 2)  # without weights, FunASR makes random ones from a fixed seed
    torch.save(made.model.state_dict(), folder / "model.pt")
    return folder


def export_all(folder: Path, into: Path) -> Path:
    """Export a model in every precision; return the folder."""
    traced = export(folder, into, "fp32")
    quantise(traced, into / FILES["int8"])
    halve(traced, into / FILES["fp16"])
    return into


def torch_scores(auto: Any, samples: NDArray[np.float32], language: str, itn: bool) -> NDArray[np.float32]:
    """Return the log probabilities that FunASR's own ``inference`` computes: [frames, pieces]."""
    import torch

    head, found = auto.model.ctc, list[Any]()
    scores = head.log_softmax

    def noting(hidden: Any) -> Any:
        found.append(scores(hidden))
        return found[0]

    head.log_softmax = noting
    try:
        with torch.inference_mode():
            asked = {**auto.kwargs, "language": language, "use_itn": itn}
            auto.model.inference(data_in=[samples], key=["0"], **asked)
    finally:
        head.log_softmax = scores
    result: NDArray[np.float32] = found[0][0].numpy()
    return result


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return log probabilities along the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result
