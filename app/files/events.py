"""Define the events and effects of the list of files."""

from dataclasses import dataclass

from app.core.errors import Note
from app.files.view import (
    CancelFiles,
    ChooseSaving,
    ChooseTrack,
    MoveFile,
    PauseFiles,
    RemoveFiles,
    ResumeFiles,
    RetryFile,
)
from speech.media_file import SoundTrack

# -- events, besides the user's actions --------------------------------------------------------------------


@dataclass(frozen=True)
class Add:
    """Files to add: named ones and those found in folders.

    ``left_out``: number of files found beyond the limit.
    """

    paths: tuple[str, ...]
    left_out: int = 0


@dataclass(frozen=True)
class FileInspected:
    """Result of the inspection of a readable file.

    ``duration_s``: ``None`` if unknown before decoding. ``sound``: the default sound track.
    """

    file: int
    duration_s: float | None
    sound: SoundTrack = SoundTrack()


@dataclass(frozen=True)
class InspectionFailed:
    """Result of the inspection of an unreadable file."""

    file: int
    note: Note


@dataclass(frozen=True)
class RunProgress:
    """Progress of a run: everything up to ``position_s`` is recognised.

    ``text``: the latest part.
    """

    file: int
    position_s: float
    text: str
    left_s: float | None = None


@dataclass(frozen=True)
class Noted:
    """Message of a run; ``None`` clears it."""

    file: int
    note: Note | None


@dataclass(frozen=True)
class RunFinished:
    """End of a complete run.

    ``gaps``: some segments have no text. ``truncated``: the file's end is missing.
    """

    file: int
    duration_s: float
    text: str
    results: tuple[str, ...] = ()
    note: Note | None = None
    gaps: bool = False
    truncated: bool = False


@dataclass(frozen=True)
class RunFailed:
    """Failure of a run that cannot continue."""

    file: int
    note: Note


@dataclass(frozen=True)
class Halted:
    """End of a run that was asked to halt."""

    file: int


@dataclass(frozen=True)
class Saved:
    """Additional path to which the text was saved."""

    file: int
    place: str


@dataclass(frozen=True)
class TextLost:
    """Damage of a file's stored text; ``places``: the times whose text is missing."""

    file: int
    places: tuple[str, ...]


@dataclass(frozen=True)
class ListNote:
    """Message about the whole list; ``None`` clears it."""

    note: Note | None


Asked = CancelFiles | ChooseSaving | ChooseTrack | MoveFile | PauseFiles | RemoveFiles | ResumeFiles | RetryFile
About = FileInspected | InspectionFailed | RunProgress | Noted | Saved | TextLost
Event = Asked | Add | About | RunFinished | RunFailed | Halted | ListNote

# -- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InspectFile:
    """Request to find out whether a file is readable and how long it is.

    ``FileInspected`` or ``InspectionFailed`` follows.
    """

    file: int
    path: str


@dataclass(frozen=True)
class RunFile:
    """Request to recognise everything that has no text yet; with ``again``, failed segments too.

    ``track``: the sound track; 0: the default one.

    Exactly one of ``RunFinished``, ``RunFailed`` and ``Halted`` ends the run.
    """

    file: int
    path: str
    again: bool
    track: int = 0


@dataclass(frozen=True)
class HaltRun:
    """Request to end a run and to send no more of its file."""

    file: int


@dataclass(frozen=True)
class Forget:
    """Request to delete the stored results of a file that does not run."""

    file: int


@dataclass(frozen=True)
class Keep:
    """Request to save the list, because it has changed."""


Effect = InspectFile | RunFile | HaltRun | Forget | Keep
