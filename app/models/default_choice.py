"""Choose the recognition model for a user who has chosen none, and say why. Blocks for a moment."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from app.models.engines import engine_is_here, lacks
from runtime.folders import folders
from speech.models.catalogue import Catalogue, load_catalogue
from speech.models.probes import Probes
from speech.models.recommendation import (
    FOR_CHINESE,
    WITHOUT_HUB,
    Reason,
    Recommendation,
    default_model,
    without_whisper,
)
from speech.models.sources import sources_for
from speech.models.store import FolderState, ModelStore

PROBE_S: Final = 1.5
"""Longest wait for a hub, because the first start waits for it."""
_WHY: Final = {
    Reason.CHINESE: "it recognises Chinese well and fast",
    Reason.NO_HUB: "Chinese would be better with another model, but no hub of models answers now",
    Reason.NO_CHINESE: "it recognises about a hundred languages on any computer",
    Reason.INSTALLED: "it is installed",
    Reason.NO_WHISPER: "Whisper is not in this installation",
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
