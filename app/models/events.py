"""What happens to the models of this computer, and what is to be done about it, as values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.models.actions import CancelModel, FetchModel, ImportModel, PauseModel, RemoveModel, VerifyModel
from app.models.meter import Meter
from app.view import Note
from speech.models.progress import Event


class Work(StrEnum):
    """What can be done with a model."""

    FETCH = "fetch"
    IMPORT = "import"
    VERIFY = "verify"
    REMOVE = "remove"
    ABANDON = "abandon"  # discard what is unfinished


class Outcome(StrEnum):
    """How that ended."""

    DONE = "done"
    STOPPED = "stopped"
    DAMAGED = "damaged"
    FAILED = "failed"


@dataclass(frozen=True)
class Disk:
    """What a look at the disk shows of one model. ``here``: bytes of an unfinished installation, by file."""

    installed: bool = False
    damaged: bool = False
    size: int = 0
    installed_s: float | None = None
    here: Mapping[str, int] = field(default_factory=dict)
    busy: bool = False

    @property
    def unfinished(self) -> int:
        """Bytes."""
        return Meter(1 << 62, self.here).done


# -- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Want:
    """The worker needs it: now, unless somebody has paused it."""

    name: str


@dataclass(frozen=True)
class Looked:
    """What is on the disk."""

    disks: Mapping[str, Disk]


@dataclass(frozen=True)
class Told:
    """An installation told something. ``at``: seconds of any steady clock."""

    name: str
    event: Event
    at: float


@dataclass(frozen=True)
class Ended:
    """What was done with it has ended, and the disk shows this. ``details``: what each source said."""

    name: str
    outcome: Outcome
    disk: Disk
    note: Note | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Used:
    """What the worker of this computer runs, whether it does, and what each model ``lacks`` before it can."""

    chosen: str
    running: bool
    lacks: Mapping[str, str] = field(default_factory=dict)


Asked = FetchModel | PauseModel | CancelModel | VerifyModel | ImportModel | RemoveModel
ShelfEvent = Asked | Want | Looked | Told | Ended | Used


# -- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """Do this, and say how it ended."""

    name: str
    work: Work
    folder: str = ""


@dataclass(frozen=True)
class Halt:
    """Stop what is done with it, and say when it has."""

    name: str


Effect = Run | Halt
