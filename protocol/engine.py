"""Interface between a worker and its recognition engine, and the contract for third-party engines.

An engine is found by an entry point of the group ``kikipounamu.engines``: a function ``create(EngineSettings)``
that returns an ``Engine``. It runs in a process of its own, so it may block, crash or hang.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias, runtime_checkable

from msgspec import Struct

from protocol.errors import ErrorCode
from protocol.recognition import Options, Word

ENTRY_POINT_GROUP: Final = "kikipounamu.engines"


class EngineSettings(Struct, frozen=True):
    """Parameters for loading an engine. ``model_folder`` is empty for an engine without model files.

    ``gpu_memory_mb`` is the engine's GPU memory limit in MiB, if it supports one; 0 means no limit.
    """

    engine: str
    model: str = ""
    model_folder: str = ""
    device: str = "auto"
    threads: int = 0
    extra: dict[str, str] = {}
    gpu_memory_mb: int = 0


class EngineInfo(Struct, frozen=True):
    """Description of a loaded engine. ``slots`` is how many requests one ``decode`` call handles efficiently.

    ``keeps_gpu_memory``: the engine enforces its GPU memory limit itself, so the worker need not measure it.
    ``needs_context``: short segments cost accuracy, so that clients should cut at longer pauses.
    ``pads``: each request of a call costs as much as the longest, so a call should hold similar lengths only.
    ``shared_options``: names of the options that the requests of one call should have in common.
    ``translates``: the engine does the task ``translate`` too.
    """

    engine: str
    model: str
    device: str
    languages: tuple[str, ...] = ()
    slots: int = 1
    keeps_gpu_memory: bool = False
    needs_context: bool = False
    pads: bool = False
    shared_options: tuple[str, ...] = ()
    translates: bool = False


class DecodeRequest(Struct, frozen=True):
    """Request to recognise a segment: PCM16LE mono 16 kHz.

    ``partial``: the text is provisional, so that an engine may choose a cheaper way of decoding.
    """

    pcm: bytes
    options: Options = Options()
    partial: bool = False


class Transcript(Struct, frozen=True, tag="transcript"):
    """Recognised text of one request; an empty text means that no speech was recognised.

    ``emotion`` and ``event`` are further labels (``happy``, ``laughter``) from engines that detect them.
    """

    text: str
    language: str = ""
    words: tuple[Word, ...] = ()
    emotion: str = ""
    event: str = ""


class DecodeFailure(Struct, frozen=True, tag="failure"):
    """Reason why one request of a batch was not recognised; the rest of the batch is unaffected."""

    code: ErrorCode
    message: str


DecodeOutcome: TypeAlias = Transcript | DecodeFailure


class EngineUnavailable(Exception):
    """Engine that cannot be loaded on this computer. The message says what to install or download."""


@runtime_checkable
class Engine(Protocol):
    """Loaded recognition engine, used by one thread of one process."""

    def info(self) -> EngineInfo:
        """Describe the loaded model and the device it runs on."""
        ...

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """Recognise a batch: return one outcome per request, in the order of the requests."""
        ...

    def close(self) -> None:
        """Release the model and its resources."""
        ...


class EnginePiece(Struct, frozen=True):
    """The next samples of the utterance ``id``: PCM16LE mono 16 kHz. A new id begins a new utterance."""

    id: int
    pcm: bytes
    options: Options = Options()


@runtime_checkable
class StreamingEngine(Protocol):
    """Loaded engine that recognises utterances while they are spoken, and keeps a state for each.

    ``slots`` of its information is how many utterances it can keep.
    """

    def info(self) -> EngineInfo:
        """Describe the loaded model and the device it runs on."""
        ...

    def feed(self, pieces: Sequence[EnginePiece]) -> Sequence[str]:
        """Append each piece to its utterance, and return the text of each utterance so far."""
        ...

    def drop(self, ids: Sequence[int]) -> None:
        """Release the states of these utterances."""
        ...

    def close(self) -> None:
        """Release the model and its resources."""
        ...


CreateEngine: TypeAlias = Callable[[EngineSettings], Engine | StreamingEngine]


def live_slots(device: str, slots: int) -> int:
    """Return how many live jobs one call decodes: one on a CPU, where a batch saves little and delays all."""
    return 1 if device == "cpu" else slots
