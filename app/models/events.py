"""Events and effects of the models of this computer, and the progress of an installation. Pure.

The caller passes the time.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.core.errors import Note
from app.models.view import CancelModel, FetchModel, ImportModel, PauseModel, RemoveModel, VerifyModel
from speech.models.progress import Advanced, Checked, Event, Fetching, Stating

_WINDOW_S: Final = 5.0
_EARLY_S: Final = 1.0
_MOST_SAMPLES: Final = 256
_WHEEL: Final = ".whl"


class DownloadMeter:
    """Meter of one installation.

    ``size``: bytes of the model. ``here``: bytes present by file. ``wheels``: their names.
    """

    def __init__(
        self, size: int, here: Mapping[str, int] | None = None, wheels: frozenset[str] = frozenset()
    ) -> None:
        self.size = size
        self.source = ""
        self._here = dict(here or {})
        self._wheels = wheels
        self._read = 0
        self._samples: deque[tuple[float, int]] = deque(maxlen=_MOST_SAMPLES)

    @property
    def done(self) -> int:
        """Bytes that are present or read, at most ``size``."""
        return min(self.size, max(_bytes_here(self._here, self._wheels), self._read))

    def take(self, event: Event, at: float) -> None:
        """Update the figures from an event."""
        match event:
            case Stating(size=size):
                self.size = size
            case Fetching(source=source):
                self.source = source
                self._samples.clear()  # another source has another speed
            case Advanced(item, done):
                self._here[item] = done
            case Checked(done=done):
                self._read = done
        self._samples.append((at, self.done))
        while len(self._samples) > 2 and at - self._samples[1][0] >= _WINDOW_S:
            self._samples.popleft()

    def speed(self, at: float) -> float | None:
        """Return the bytes per second over the last seconds; ``None`` if it is too early."""
        if not self._samples or at - self._samples[0][0] < _EARLY_S:
            return None
        began, before = self._samples[0]
        return max(0, self.done - before) / (at - began)

    def left_s(self, at: float) -> float | None:
        """Return the remaining seconds; ``None`` while nothing arrives."""
        speed = self.speed(at)
        return (self.size - self.done) / speed if speed else None


def _bytes_here(here: Mapping[str, int], wheels: frozenset[str] = frozenset()) -> int:
    """Return the bytes of these files. Contents of wheels are on disk twice for a while, but count once."""
    packed = sum(size for item, size in here.items() if item in wheels or item.endswith(_WHEEL))
    return max(packed, sum(here.values()) - packed)


class Work(StrEnum):
    """Kinds of jobs on a model."""

    FETCH = "fetch"
    IMPORT = "import"
    VERIFY = "verify"
    REMOVE = "remove"
    ABANDON = "abandon"  # discard an unfinished download


class Outcome(StrEnum):
    """Ways in which a job ends."""

    DONE = "done"
    STOPPED = "stopped"
    DAMAGED = "damaged"
    FAILED = "failed"


@dataclass(frozen=True)
class ModelOnDisk:
    """State of one model on disk.

    ``here``: bytes of an unfinished installation, by file.
    """

    installed: bool = False
    damaged: bool = False
    size: int = 0
    installed_s: float | None = None
    here: Mapping[str, int] = field(default_factory=dict)
    busy: bool = False

    @property
    def unfinished(self) -> int:
        """Bytes of an unfinished installation."""
        return _bytes_here(self.here)


# -- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RequireModel:
    """Request of the worker: it needs this model now, unless the user paused it."""

    name: str


@dataclass(frozen=True)
class DiskInspected:
    """Result of inspecting the disk."""

    disks: Mapping[str, ModelOnDisk]


@dataclass(frozen=True)
class InstallProgress:
    """Progress of an installation.

    ``at``: seconds of any steady clock.
    """

    name: str
    event: Event
    at: float


@dataclass(frozen=True)
class JobEnded:
    """End of a job, with the resulting state of the disk.

    ``details``: messages of each source. ``may_pass``: the same job may succeed later. ``at``: seconds of any
    steady clock.
    """

    name: str
    outcome: Outcome
    disk: ModelOnDisk
    note: Note | None = None
    details: tuple[str, ...] = ()
    may_pass: bool = False
    at: float = 0.0


@dataclass(frozen=True)
class RetryDue:
    """Time of a planned download: the ``at`` of its ``RetryAt``."""

    name: str
    at: float


@dataclass(frozen=True)
class WorkerModel:
    """Model of this computer's worker, whether it runs, and which extra each model ``lacks``."""

    chosen: str
    running: bool
    lacks: Mapping[str, str] = field(default_factory=dict)


ModelRequest = FetchModel | PauseModel | CancelModel | VerifyModel | ImportModel | RemoveModel
ModelEvent = ModelRequest | RequireModel | RetryDue | DiskInspected | InstallProgress | JobEnded | WorkerModel


# -- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunJob:
    """Request to start a job and to report its end."""

    name: str
    work: Work
    folder: str = ""


@dataclass(frozen=True)
class HaltJob:
    """Request to stop a model's job and to report when it has stopped."""

    name: str


@dataclass(frozen=True)
class RetryAt:
    """Request to report ``RetryDue`` at this time."""

    name: str
    at: float


@dataclass(frozen=True)
class UseModel:
    """Request to run this model on this computer from now on."""

    name: str


Effect = RunJob | HaltJob | RetryAt | UseModel
