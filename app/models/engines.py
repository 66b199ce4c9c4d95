"""Purpose of each model in the catalogue, and arguments for the worker to run the chosen one. Pure.

``worker.model_choice``, part of another program, decides which engine runs which model.
"""

import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from app.core.errors import ModelUnfit
from app.models.needed_models import VAD_MODEL
from app.models.view import Purpose

DEFAULT: Final = "whisper-base"


class ModelPurpose(NamedTuple):
    """Purpose of a model.

    ``beside``: the model it accompanies.
    """

    purpose: Purpose
    engine: str = ""
    beside: str = ""


KINDS: Final = {
    VAD_MODEL: ModelPurpose(Purpose.VAD),
    "whisper-base": ModelPurpose(Purpose.RECOGNISER, "whisper"),
    "whisper-small": ModelPurpose(Purpose.RECOGNISER, "whisper"),
    "whisper-large-v3-turbo": ModelPurpose(Purpose.RECOGNISER, "whisper"),
    "parakeet-tdt-0.6b-v3-int8": ModelPurpose(Purpose.RECOGNISER, "parakeet"),
    "SenseVoiceSmall": ModelPurpose(Purpose.RECOGNISER, "funasr"),
    "paraformer-zh": ModelPurpose(Purpose.RECOGNISER, "funasr"),
    "sensevoice-small-int8": ModelPurpose(Purpose.RECOGNISER, "sensevoice-onnx"),
    "sensevoice-small-onnx": ModelPurpose(Purpose.RECOGNISER, "sensevoice-onnx"),
    "paraformer-zh-int8": ModelPurpose(Purpose.RECOGNISER, "paraformer-onnx"),
    "paraformer-zh-onnx": ModelPurpose(Purpose.RECOGNISER, "paraformer-onnx"),
    "ct-punc-c": ModelPurpose(Purpose.PUNCTUATION, beside="paraformer-zh"),
    "paraformer-zh-streaming": ModelPurpose(Purpose.RECOGNISER),
    "x-asr-zh-en-160ms": ModelPurpose(Purpose.LIVE),
    "Fun-ASR-Nano": ModelPurpose(Purpose.RECOGNISER),
}
_LIVE_ENGINE: Final = "sherpa-onnx"
_LIBRARIES: Final = {
    "whisper": ("faster_whisper",),
    "funasr": ("funasr", "torch"),
    "parakeet": ("onnx_asr",),
    _LIVE_ENGINE: ("sherpa_onnx",),
}


def engine_is_here(engine: str, environment: str = "") -> bool:
    """Return whether an engine's libraries are installed here or in an environment, without importing them."""
    here = all(find_spec(library) for library in _LIBRARIES.get(engine, ()))
    return here or bool(worker_program(engine, environment))


def worker_program(engine: str, environment: str) -> str:
    """Return the worker's program of an environment that has the engine's libraries; empty if it lacks them."""
    libraries = _LIBRARIES.get(engine, ())
    if not environment or not libraries:
        return ""
    folder = Path(environment)
    packages = (*folder.glob("lib/python3*/site-packages"), folder / "Lib" / "site-packages")
    if not any(all((place / library).is_dir() for library in libraries) for place in packages):
        return ""
    return shutil.which("kikipounamu-worker", path=f"{folder / 'bin'}{os.pathsep}{folder / 'Scripts'}") or ""


def engine_of(model: str) -> str:
    """Return the engine that runs ``model``; whisper for an unknown one, which its worker then refuses."""
    return (KINDS[model].engine if model in KINDS else "") or KINDS[DEFAULT].engine


def lacks(model: str, is_here: Callable[[str], bool] = engine_is_here) -> str:
    """Return the extra that must be installed before ``model`` can run; empty if none."""
    engine = KINDS[model].engine if model in KINDS else ""
    return engine if engine and not is_here(engine) else ""


def arguments_for(model: str, is_here: Callable[[str], bool] = engine_is_here) -> tuple[str, ...]:
    """Return the arguments for ``kikipounamu-worker run``. Raises ``ModelUnfit``."""
    engine = KINDS[model].engine if model in KINDS else ""
    if not engine:
        raise ModelUnfit(model)
    if not is_here(engine):
        raise ModelUnfit(model, engine)
    return ("--engine", engine, "--model", model)


def live_model(is_installed: Callable[[str], bool], is_here: Callable[[str], bool] = engine_is_here) -> str:
    """Return the first model for live text that can run here; empty: none."""
    models = (name for name, kind in KINDS.items() if kind.purpose is Purpose.LIVE)
    return next((name for name in models if is_here(_LIVE_ENGINE) and is_installed(name)), "")
