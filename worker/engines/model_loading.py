"""Checks and reports that engines share while they load a model. All of them raise ``EngineUnavailable``."""

import re
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from protocol.engine import EngineSettings, EngineUnavailable
from runtime.installing import extra_command
from worker.engines.devices import device_problem

FOLDER: Final = "folder"
"""Setting of engines that take a model from outside the catalogue: its folder."""
_LACK_OF_MEMORY: Final = (
    "out of memory",
    "cannot allocate memory",
    "failed to allocate memory",  # ONNX Runtime's arena
    "bad allocation",
    "cublas_status_alloc_failed",
)
_UNNAMED: Final = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_NAME: Final = 64


def model_folder(engine: str, settings: EngineSettings, known: Set[str] = frozenset()) -> str:
    """Return the model's folder, after a check of device and settings. ``known``: the engine's own settings."""
    if unknown := settings.extra.keys() - known:
        raise EngineUnavailable(f"the engine {engine} has no setting {', '.join(sorted(unknown))}")
    if problem := device_problem(engine, settings.device):
        raise EngineUnavailable(problem)
    folder = settings.extra.get(FOLDER, settings.model_folder)
    if not folder:
        otherwise = f", or --set {FOLDER}=DIR" if FOLDER in known else ""
        raise EngineUnavailable(f"the engine {engine} needs a model: choose one with --model{otherwise}")
    return folder


def model_name(settings: EngineSettings, folder: str) -> str:
    """Return the model's name in the catalogue, or one that its folder gives."""
    return settings.model or _UNNAMED.sub("-", Path(folder).resolve().name)[:_LONGEST_NAME]


@contextmanager
def needed_library(what: str, extra: str) -> Iterator[None]:
    """Report a failed import with the command that installs the extra. ``what``: who needs which library."""
    try:
        yield
    except ImportError as error:
        raise EngineUnavailable(f"{what}: run {extra_command(extra)} ({error})") from error


@contextmanager
def loading(what: str, failures: tuple[type[Exception], ...] = (Exception,)) -> Iterator[None]:
    """Report a model that cannot be loaded. Errors for lack of memory pass: another try may succeed."""
    try:
        yield
    except failures as error:
        if lacks_memory(error):
            raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise EngineUnavailable(f"{what} cannot be loaded: {reason}") from error


def lacks_memory(error: Exception) -> bool:
    """Return whether a model failed to load because of too little memory, which may be free later."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in text for sign in _LACK_OF_MEMORY)
