"""Events and effects of the models of this computer, as values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.core.errors import Note
from app.models.download_progress import DownloadMeter
from app.models.view import CancelModel, FetchModel, ImportModel, PauseModel, RemoveModel, VerifyModel
from speech.models.progress import Event


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
        return DownloadMeter(1 << 62, self.here).done


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

    ``details``: messages of each source.
    """

    name: str
    outcome: Outcome
    disk: ModelOnDisk
    note: Note | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorkerModel:
    """Model of this computer's worker, whether it runs, and which extra each model ``lacks``."""

    chosen: str
    running: bool
    lacks: Mapping[str, str] = field(default_factory=dict)


ModelRequest = FetchModel | PauseModel | CancelModel | VerifyModel | ImportModel | RemoveModel
ModelEvent = ModelRequest | RequireModel | DiskInspected | InstallProgress | JobEnded | WorkerModel


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
class UseModel:
    """Request to run this model on this computer from now on."""

    name: str


Effect = RunJob | HaltJob | UseModel
