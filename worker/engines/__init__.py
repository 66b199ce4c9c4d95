"""Recognition engines, one file each; a file imports its engine's library only inside the engine's constructor.

An engine is named by its entry point in the group ``kikipounamu.engines`` (``whisper``), or by an explicit
``package.module:function``.
"""

from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, Final

from protocol.engine import ENTRY_POINT_GROUP, CreateEngine, EngineUnavailable
from runtime.installing import extra_command

_EXTRAS: Final = {"funasr": "funasr", "parakeet": "parakeet", "sherpa-onnx": "streaming", "whisper": "whisper"}
_LIBRARIES: Final = {
    "funasr": ("funasr", "torch"),
    "parakeet": ("onnx_asr",),
    "sherpa-onnx": ("sherpa_onnx",),
    "whisper": ("faster_whisper",),
}


_LACK_OF_MEMORY: Final = (
    "out of memory",
    "cannot allocate memory",
    "failed to allocate memory",  # ONNX Runtime's arena
    "bad allocation",
    "cublas_status_alloc_failed",
)


class UnknownEngine(EngineUnavailable):
    """Engine name that is not installed."""


def installed_engines() -> tuple[str, ...]:
    """Return the names of all engine entry points, sorted. Imports none of them."""
    return tuple(sorted({point.name for point in entry_points(group=ENTRY_POINT_GROUP)}))


def has_libraries(name: str) -> bool:
    """Return whether the libraries of the engine ``name`` are installed. Imports nothing."""
    return all(find_spec(library) for library in _LIBRARIES.get(name, ()))


def check_engine(name: str) -> None:
    """Raise ``UnknownEngine`` if ``name`` is neither installed nor a function path. Imports nothing."""
    if ":" not in name and name not in installed_engines():
        extras = extra_command(",".join(_EXTRAS.values()))
        raise UnknownEngine(
            f"there is no engine {name!r}: installed are {', '.join(installed_engines()) or 'none'}; "
            f"more come with extras ({extras}), or as package.module:function"
        )


def find_engine(name: str) -> CreateEngine:
    """Import the function that creates the engine ``name``. Raises ``EngineUnavailable``."""
    check_engine(name)
    try:
        if ":" in name:
            return _function(name)
        (point, *_) = entry_points(group=ENTRY_POINT_GROUP, name=name)
        created: CreateEngine = point.load()
    except ImportError as error:
        raise EngineUnavailable(f"the engine {name} cannot be imported: {error}{_advice(name)}") from error
    except AttributeError as error:
        raise UnknownEngine(f"there is no engine {name!r}: {error}") from error
    return created


def lacks_memory(error: Exception) -> bool:
    """Return whether a model failed to load because of too little memory, which may be free later."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in text for sign in _LACK_OF_MEMORY)


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
