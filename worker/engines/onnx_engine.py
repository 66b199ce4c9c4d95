"""Engine on an ONNX graph of FunASR's models: features, calls that fit the device, and decoding of its outputs.

It needs ONNX Runtime alone, which the base install has. The setting ``folder`` names a model folder that replaces
one from the catalogue, and ``precision`` one of its files: int8, fp16 or fp32.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protocol.engine import EngineInfo, EngineSettings, EngineUnavailable
from protocol.recognition import Options
from speech.features import Features
from speech.lfr import FRAME_S, LFR_FEATURES, lfr_features, load_lfr_cmvn, pad_features
from worker.engines.batch_engine import SLOTS, Answer, Asked, BatchEngine, Family, Recognise
from worker.engines.model_loading import model_folder, model_name
from worker.engines.onnx_session import Arrays, OpenedModel, open_model
from worker.engines.padded_calls import LONGEST_S, in_parts, most_padded_s
from worker.engines.vocabulary import read_vocabulary

_SETTINGS: Final = frozenset({"folder", "precision"})
_FULL_SCALE: Final = 32_768

Vocabulary = tuple[str, ...]


class OnnxKind(NamedTuple):
    """Kind of model. ``inputs``: its graph's inputs beside the features; ``arguments`` returns their values.

    ``decode`` returns the answer in the ids with the best scores.
    """

    engine: str
    family: Family
    inputs: tuple[str, ...]
    arguments: Callable[[Asked, int], Arrays]
    decode: Callable[[NDArray[Any], Vocabulary], Answer]


def create_engine(kind: OnnxKind, settings: EngineSettings) -> BatchEngine:
    """Create an engine for the model in ``settings``. Raises ``EngineUnavailable``."""
    import onnxruntime  # late: this module is imported to find the engine, and loading takes a while

    folder = model_folder(kind.engine, settings, _SETTINGS)
    opened = open_model(onnxruntime, Path(folder), settings, ("speech", "speech_lengths", *kind.inputs))
    model = model_name(settings, folder)
    where = opened.device.partition(":")[0]
    keeps = where == "cuda" and settings.gpu_memory_mb > 0
    languages, shared = kind.family.languages, kind.family.shared
    info = EngineInfo(
        kind.engine, model, opened.device, languages, SLOTS[where], keeps, pads=True, shared_options=shared
    )
    return BatchEngine(info, kind.family, recogniser(kind, opened, Path(folder)))


def recogniser(kind: OnnxKind, opened: OpenedModel, folder: Path) -> Recognise:
    """Return the function that recognises with ``opened``. Raises ``EngineUnavailable``."""
    try:
        cmvn = load_lfr_cmvn(folder / "am.mvn")
    except (OSError, ValueError) as error:
        path = str(folder / "am.mvn")
        raise EngineUnavailable(f"{path!r} is missing or damaged; get the model again: {error}") from error
    vocabulary = read_vocabulary(folder)

    def decode(features: Sequence[Features], asked: Asked) -> list[Answer]:
        speech, lengths = pad_features(features)
        inputs = {"speech": speech, "speech_lengths": lengths, **kind.arguments(asked, len(features))}
        scores, counts, *_ = opened.session.run(None, inputs)
        ids = (row[:count].argmax(axis=-1) for row, count in zip(scores, counts, strict=True))
        return [kind.decode(row, vocabulary) for row in ids]

    silence = np.zeros((round(LONGEST_S / FRAME_S), LFR_FEATURES), np.float32)
    limit_s = most_padded_s(opened.device, lambda count: decode([silence] * count, kind.family.asked(Options())))

    def recognise(recordings: Sequence[Any], asked: Asked) -> list[Answer]:
        features = [lfr_features((samples * _FULL_SCALE).astype(np.int16), cmvn) for samples in recordings]
        return in_parts(features, lambda frames: len(frames) * FRAME_S, limit_s, lambda part: decode(part, asked))

    return recognise
