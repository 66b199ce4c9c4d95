"""What the list of files hears and what it wants done."""

from dataclasses import dataclass

from app.files.actions import (
    CancelFile,
    ChooseSaving,
    MoveFile,
    PauseFiles,
    RemoveFiles,
    ResumeFiles,
    RetryFile,
)
from app.view import Note

# -- events, beside what a person asks for -----------------------------------------------------------------


@dataclass(frozen=True)
class Add:
    """These files were named, or found in a folder that was; ``left_out``: there were so many more."""

    paths: tuple[str, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Looked:
    """It can be read, and is so long, if that can be known before."""

    file: int
    duration_s: float | None


@dataclass(frozen=True)
class Unreadable:
    """It cannot be read."""

    file: int
    note: Note


@dataclass(frozen=True)
class Progress:
    """Everything up to ``position_s`` is recognised; ``text`` is the newest of it."""

    file: int
    position_s: float
    text: str
    left_s: float | None = None


@dataclass(frozen=True)
class Noted:
    """What a run has to say; None: what it said is over."""

    file: int
    note: Note | None


@dataclass(frozen=True)
class Finished:
    """A run has come to its end. ``gaps``: some segments have no text. ``truncated``: the end is missing."""

    file: int
    duration_s: float
    text: str
    results: tuple[str, ...] = ()
    note: Note | None = None
    gaps: bool = False
    truncated: bool = False


@dataclass(frozen=True)
class Broken:
    """A run cannot go on."""

    file: int
    note: Note


@dataclass(frozen=True)
class Halted:
    """A run has ended before its end, because it was to."""

    file: int


@dataclass(frozen=True)
class Saved:
    """Its text was also saved here."""

    file: int
    place: str


@dataclass(frozen=True)
class Told:
    """Something about the list as a whole; None: nothing any more."""

    note: Note | None


Asked = CancelFile | ChooseSaving | MoveFile | PauseFiles | RemoveFiles | ResumeFiles | RetryFile
About = Looked | Unreadable | Progress | Noted | Saved
Event = Asked | Add | About | Finished | Broken | Halted | Told

# -- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """Find out whether it can be read, and how long it is: ``Looked`` or ``Unreadable``."""

    file: int
    path: str


@dataclass(frozen=True)
class Run:
    """Recognise what has no text yet, with ``again`` also what failed: exactly one of ``Finished``, ``Broken`` and
    ``Halted`` ends it."""

    file: int
    path: str
    again: bool


@dataclass(frozen=True)
class Halt:
    """End its run soon, and send nothing more of it."""

    file: int


@dataclass(frozen=True)
class Forget:
    """What was recognised of it is not wanted any more. It does not run."""

    file: int


@dataclass(frozen=True)
class Keep:
    """What is to outlive this program has changed."""


Effect = Look | Run | Halt | Forget | Keep
