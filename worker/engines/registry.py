"""Engines by name: known, checked, found and created.

An engine is named by its entry point in the group ``kikipounamu.engines`` (``whisper``), or by an explicit
``package.module:function``.
"""

import re
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from protocol.engine import (
    ENTRY_POINT_GROUP,
    CreateEngine,
    Engine,
    EngineSettings,
    EngineUnavailable,
    StreamingEngine,
)
from runtime.installing import extra_command
from worker.core.errors import UnknownEngine

OURS: Final = {
    "checksum": "loadtest.core.checksum:create",
    "funasr": "worker.engines.funasr:create",
    "paraformer-onnx": "worker.engines.paraformer_onnx:create",
    "parakeet": "worker.engines.parakeet:create",
    "sensevoice-onnx": "worker.engines.sensevoice_onnx:create",
    "sherpa-onnx": "worker.engines.sherpa_onnx:create",
    "whisper": "worker.engines.whisper.engine:create",
}
"""Our entry points, so that no engine process searches the files of all packages for them."""
_EXTRAS: Final = {"funasr": "funasr", "parakeet": "parakeet", "sherpa-onnx": "streaming", "whisper": "whisper"}
_LIBRARIES: Final = {
    "funasr": ("funasr", "torch"),
    "parakeet": ("onnx_asr",),
    "sherpa-onnx": ("sherpa_onnx",),
    "whisper": ("faster_whisper",),
}

_PATH: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
"""``package.module:function``."""
_IS: Final = "an engine is a function that takes EngineSettings and returns an object with info, decode and close"


def installed_engines() -> tuple[str, ...]:
    """Return the names of all engine entry points, sorted. Imports none of them."""
    return tuple(sorted(_entry_points()))


def has_libraries(name: str) -> bool:
    """Return whether the libraries of the engine ``name`` are installed. Imports nothing."""
    return all(find_spec(library) for library in _LIBRARIES.get(name, ()))


def check_engine(name: str) -> None:
    """Raise ``UnknownEngine`` if ``name`` is neither installed nor a function path. Imports nothing."""
    if not _PATH.fullmatch(name) and name not in OURS and name not in _entry_points():
        extras = extra_command(",".join(_EXTRAS.values()))
        raise UnknownEngine(
            f"there is no engine {name!r}: choose one of {', '.join(installed_engines()) or 'none'}; "
            f"more come with extras ({extras}), or as package.module:function"
        )


def find_engine(name: str) -> CreateEngine:
    """Import the function that creates the engine ``name``. Raises ``EngineUnavailable``."""
    check_engine(name)
    try:
        return _function(name if ":" in name else OURS.get(name) or _entry_points()[name])
    except ImportError as error:
        raise EngineUnavailable(f"the engine {name} cannot be imported: {error}{_advice(name)}") from error
    except AttributeError as error:
        raise UnknownEngine(f"there is no engine {name!r}: {error}") from error


def create_engine(settings: EngineSettings) -> Engine | StreamingEngine:
    """Create the engine. Raises ``EngineUnavailable``, or whatever the engine raises."""
    name, create = settings.engine, find_engine(settings.engine)
    try:
        engine: object = create(settings)
    except (TypeError, AttributeError) as error:  # from a function that was written for something else
        if name in OURS:
            raise
        raise UnknownEngine(f"{name} creates no engine ({error}): {_IS}") from error
    if not isinstance(engine, Engine | StreamingEngine):
        raise UnknownEngine(f"{name} creates no engine but a {type(engine).__name__}: {_IS}")
    return engine


def _entry_points() -> dict[str, str]:
    """Return the functions of all engine entry points by their names. Reads files of every package."""
    from importlib.metadata import entry_points  # late: only engines of others need it

    return {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}


def _function(path: str) -> CreateEngine:
    module, _, function = path.partition(":")
    found: Any = getattr(import_module(module), function)
    if not callable(found):
        raise UnknownEngine(f"there is no engine {path!r}: it is not a function")
    create: CreateEngine = found
    return create


def _advice(name: str) -> str:
    extra = _EXTRAS.get(name)
    return f": run {extra_command(extra)}" if extra else ""
