"""Ensure that the models a command needs are installed, or explain how to install them."""

import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

from app.core.errors import ModelsMissing, UsageMistake
from runtime.folders import folders
from speech.models.catalogue import load_catalogue
from speech.models.store import FolderState, ModelStore

VAD_MODEL: Final = "fsmn-vad"
_ENGINE_MODELS: Final = {
    "funasr": "SenseVoiceSmall",
    "paraformer-onnx": "paraformer-zh-int8",
    "parakeet": "parakeet-tdt-0.6b-v3-int8",
    "sensevoice-onnx": "sensevoice-small-int8",
    "whisper": "whisper-base",
}


def needed(engine: str | None, model: str = "") -> list[str]:
    """Return the models for cutting speech here and, unless ``engine`` is ``None``, for recognising it here."""
    recognising = model or _ENGINE_MODELS.get(engine or "", "") if engine else ""
    return [VAD_MODEL, recognising] if recognising else [VAD_MODEL]


def ensure(names: Sequence[str], fetch: bool | None, get: Callable[[list[str]], None]) -> None:
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
