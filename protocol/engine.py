"""What a worker asks of a recognition engine, and what a package must offer to be one.

An engine is found by an entry point of the group ``kikipounamu.engines``: a function ``create(EngineSettings)``
that returns an ``Engine``. It runs in a process of its own, so it may block, crash or hang.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias

from msgspec import Struct

from protocol.errors import ErrorCode
from protocol.recognition import Options, Word

ENTRY_POINT_GROUP: Final = "kikipounamu.engines"


class EngineSettings(Struct, frozen=True):
    """How to load an engine. ``model_folder`` is empty for an engine that has no files.

    ``gpu_memory_mb``: the most that it may take of a GPU, in MiB, where it can keep to that; 0: no limit.
    """

    engine: str
    model: str = ""
    model_folder: str = ""
    device: str = "auto"
    threads: int = 0
    extra: dict[str, str] = {}
    gpu_memory_mb: int = 0


class EngineInfo(Struct, frozen=True):
    """What was loaded. ``slots``: how many requests one ``decode`` call takes well.

    ``keeps_gpu_memory``: it takes no more GPU memory than it was told, so that nobody need measure it.
    """

    engine: str
    model: str
    device: str
    languages: tuple[str, ...] = ()
    slots: int = 1
    keeps_gpu_memory: bool = False


class DecodeRequest(Struct, frozen=True):
    """One segment to recognise: PCM16LE mono 16 kHz."""

    pcm: bytes
    options: Options = Options()


class Transcript(Struct, frozen=True, tag="transcript"):
    """What was said; an empty text means that nothing was.

    ``emotion`` and ``event`` are what an engine heard beside the words (``happy``, ``laughter``), where it can.
    """

    text: str
    language: str = ""
    words: tuple[Word, ...] = ()
    emotion: str = ""
    event: str = ""


class DecodeFailure(Struct, frozen=True, tag="failure"):
    """Why one request of a batch could not be recognised. The others are not touched by it."""

    code: ErrorCode
    message: str


DecodeOutcome: TypeAlias = Transcript | DecodeFailure


class EngineUnavailable(Exception):
    """The engine cannot be loaded here. The text says what to install or download."""


class Engine(Protocol):
    """A loaded engine. Used by one thread of one process."""

    def info(self) -> EngineInfo:
        """What is loaded, and on which device."""
        ...

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """One outcome per request, in the order of the requests."""
        ...

    def close(self) -> None:
        """Release what was loaded."""
        ...


CreateEngine: TypeAlias = Callable[[EngineSettings], Engine]
