"""Purpose of each model, arguments for the worker to run the chosen one, and the choice if there is none.

``worker.model_choice``, part of another program, decides which engine runs which model.
A choice blocks for a moment.
"""

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from app.core.errors import ModelsMissing, ModelUnfit, UsageMistake
from app.models.view import Purpose
from runtime.folders import folders
from speech.models.catalogue import Catalogue, load_catalogue
from speech.models.probes import Probes
from speech.models.recommendation import (
    FOR_CHINESE,
    WITHOUT_HUB,
    ChoiceReason,
    Recommendation,
    default_model,
    without_whisper,
)
from speech.models.sources import sources_for
from speech.models.store import FolderState, ModelStore

VAD_MODEL: Final = "fsmn-vad"
_ENGINE_MODELS: Final = {
    "funasr": "SenseVoiceSmall",
    "paraformer-onnx": "paraformer-zh-int8",
    "parakeet": "parakeet-tdt-0.6b-v3-int8",
    "sensevoice-onnx": "sensevoice-small-int8",
    "whisper": "whisper-base",
}


def needed_models(engine: str | None, model: str = "") -> list[str]:
    """Return the models for cutting speech here and, unless ``engine`` is ``None``, for recognising it here."""
    recognising = model or _ENGINE_MODELS.get(engine or "", "") if engine else ""
    return [VAD_MODEL, recognising] if recognising else [VAD_MODEL]


def ensure_models(names: Sequence[str], fetch: bool | None, get: Callable[[list[str]], None]) -> None:
    """Fetch missing models with ``get``, which shows progress and raises if fetching fails.

    ``fetch`` ``None``: only on a terminal. Raises ``ModelsMissing`` (fetching is off), ``ModelUnknown`` or
    ``UsageMistake`` (no engine runs it yet).
    """
    catalogue = load_catalogue()
    if later := [name for name in names if catalogue.model(name).for_later_engine]:
        raise UsageMistake(f"no engine of this version runs {', '.join(later)}: name another model")
    store = ModelStore(folders().models, catalogue)
    missing = [name for name in names if store.state(name) is not FolderState.INSTALLED]
    if not missing:
        return
    if fetch is False or (fetch is None and not sys.stderr.isatty()):
        raise ModelsMissing(missing)
    with redirect_stdout(sys.stderr):  # standard output is reserved for results
        get(missing)


def vad_folder() -> Path:
    """Return the folder of the model that cuts speech. Raises ``ModelError``."""
    return ModelStore(folders().models, load_catalogue()).verify(VAD_MODEL)


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


PROBE_S: Final = 1.5
"""Longest wait for a hub, because the first start waits for it."""
_WHY: Final = {
    ChoiceReason.CHINESE: "it recognises Chinese well and fast",
    ChoiceReason.NO_HUB: "Chinese would be better with another model, but no hub of models answers now",
    ChoiceReason.NO_CHINESE: "it recognises about a hundred languages on any computer",
    ChoiceReason.INSTALLED: "it is installed",
    ChoiceReason.NO_WHISPER: "Whisper is not in this installation",
}


def choose_default(
    languages: Sequence[str],
    catalogue: Catalogue | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    is_here: Callable[[str], bool] = engine_is_here,
) -> Recommendation:
    """Return the model for someone who speaks ``languages``. Waits at most ``PROBE_S`` for a hub.

    ``is_here``: whether the libraries of an engine are installed.
    """
    known = catalogue or load_catalogue()
    store = ModelStore(folder or folders().models, known)

    def installed(name: str) -> bool:
        return name in known.names and store.state(name) is FolderState.INSTALLED

    def reachable() -> bool:
        probes = Probes(sources_for(known.model(FOR_CHINESE), known, environment), PROBE_S)
        return any(problem is None for _, problem in probes)

    if lacks(WITHOUT_HUB, is_here):
        models = (known.model(name) for name in known.names)
        if found := without_whisper(models, languages, installed, lambda name: not lacks(name, is_here)):
            return found
    return default_model(languages, installed, reachable)


def default_line(choice: Recommendation) -> str:
    """Return the choice and its reason in one line, for a terminal and the log."""
    return f"recognising with {choice.model}: {_WHY[choice.reason]} (choose another one with --model)"
