"""Define the user's actions on files that are recognised in the background, and the views of them. Pure.

``file``: the file's number, which never changes.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from app.core.errors import Note
from app.core.format import Format
from runtime.terminal import printable

MOST_FILES: Final = 200
MOST_TEXT: Final = 400
"""Most characters of a text that the list shows."""

USUAL_FORMS: Final = (Format.TXT, Format.SRT)
"""Default formats of saved results."""
_EARLY_S: Final = 5.0


class FileState(StrEnum):
    """State of a file in the list."""

    ADDED = "added"  # being inspected for format and length
    WAITING = "waiting"
    WORKING = "working"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED: Final = frozenset({FileState.DONE, FileState.FAILED, FileState.CANCELLED})


class FileNote(StrEnum):
    """Keys of messages about a file or the list; each has a text in every language."""

    MISSING = "missing"
    UNSUPPORTED = "unsupported"
    DAMAGED = "damaged"
    EMPTY = "empty"
    MEDIA_MISSING = "media-missing"
    REFUSED = "refused"
    NO_ANSWER = "no-answer"
    BROKEN = "broken"
    GATEWAY_AWAY = "gateway-away"
    GATEWAY_FAILS = "gateway-fails"
    NO_WORKER = "no-worker"
    BROKER_AWAY = "broker-away"
    DISK_FULL = "disk-full"
    SILENT = "silent"
    GAPS = "gaps"
    TRUNCATED = "truncated"
    ONE_TRACK = "one-track"
    NOT_SAVED = "not-saved"
    LIST_FULL = "list-full"
    NOTHING_FOUND = "nothing-found"
    LISTED = "listed"
    NOT_KEPT = "not-kept"
    UNSAVED = "unsaved"
    UNNAMED = "unnamed"
    TEXT_GONE = "text-gone"
    TEXT_LOST = "text-lost"
    LIST_DAMAGED = "list-damaged"


@dataclass(frozen=True)
class FileView:
    """State of one file for the list.

    ``position_s``: end of the recognised part. ``left_s``: estimated remaining time. ``text``: the end of the text
    while working, else its beginning. ``results``: paths of saved results. ``gaps``: some segments have no text.
    ``truncated``: the end of the file is missing. ``again``: the next run tries failed segments again. ``track``:
    number of the sound track to recognise, from 1; 0: the default one. ``tracks``: number of sound tracks; 0 until
    they are counted.
    """

    file: int
    path: str
    state: FileState = FileState.ADDED
    position_s: float = 0.0
    duration_s: float | None = None
    left_s: float | None = None
    text: str = ""
    note: Note | None = None
    results: tuple[str, ...] = ()
    gaps: bool = False
    truncated: bool = False
    again: bool = False
    track: int = 0
    tracks: int = 0

    @property
    def name(self) -> str:
        """File name without folder, with control characters escaped."""
        return printable(Path(self.path).name)

    @property
    def untouched(self) -> bool:
        """True if the file is queued or paused, and nothing of it is recognised yet."""
        return self.state not in ENDED | {FileState.WORKING} and not self.position_s

    @property
    def unsaved(self) -> bool:
        """True if the file has ended, and its text is saved in no file."""
        return self.state in ENDED and bool(self.text) and not self.results

    @property
    def percent(self) -> int | None:
        """Recognised share of the file, 0 to 100; ``None`` while its length is unknown."""
        if self.state is FileState.DONE:
            return 100
        if not self.duration_s:
            return None
        return min(99, int(100 * self.position_s / self.duration_s))


@dataclass(frozen=True)
class FilesView:
    """All files in the order of processing.

    ``note``: a message about the whole list.
    """

    files: tuple[FileView, ...] = ()
    forms: tuple[Format, ...] = USUAL_FORMS
    folder: str = ""
    note: Note | None = None

    @property
    def full(self) -> bool:
        """True if no more files can be added."""
        return len(self.files) >= MOST_FILES


@dataclass(frozen=True)
class FileText:
    """Complete text of a file, for the clipboard."""

    file: int
    text: str


def left_s(done_s: float, todo_s: float, elapsed_s: float) -> float | None:
    """Estimate the time for ``todo_s`` of audio if ``done_s`` took ``elapsed_s``; ``None`` if it is too early."""
    if done_s <= 0 or elapsed_s < _EARLY_S:
        return None
    return max(0.0, todo_s) * elapsed_s / done_s


def shortened(text: str, *, end: bool) -> str:
    """Return the beginning or the ``end`` of a text, as long as the list shows."""
    if len(text) <= MOST_TEXT:
        return text
    return f"…{text[-MOST_TEXT:].lstrip()}" if end else f"{text[:MOST_TEXT].rstrip()}…"


@dataclass(frozen=True)
class AddFiles:
    """Recognise these files, and the recordings in these folders."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class PauseFiles:
    """Pause this file; without a number, all files."""

    file: int | None = None


@dataclass(frozen=True)
class ResumeFiles:
    """Resume a paused file; without a number, all of them."""

    file: int | None = None


@dataclass(frozen=True)
class CancelFiles:
    """Cancel this file, and keep its recognised text; without a number, cancel all untouched files."""

    file: int | None = None


@dataclass(frozen=True)
class RetryFile:
    """Recognise the parts of this file that failed or are missing, or continue it if it was cancelled."""

    file: int


@dataclass(frozen=True)
class ChooseTrack:
    """Recognise this sound track of the file instead, from the beginning. Saved results stay."""

    file: int
    track: int


@dataclass(frozen=True)
class RemoveFiles:
    """Remove this file from the list; without a number, all files that have ended.

    Saved results stay. Without a number, the first request keeps files with unsaved texts and warns about them; a
    second one in a row removes them too.
    """

    file: int | None = None


@dataclass(frozen=True)
class MoveFile:
    """Move this file down by this many places; negative: up.

    The list is processed from the top.
    """

    file: int
    by: int


@dataclass(frozen=True)
class CopyFile:
    """Request the text of this file, which arrives as ``FileText``."""

    file: int


@dataclass(frozen=True)
class SaveFile:
    """Write the text of this file to ``place``; the user has agreed to replace a file there."""

    file: int
    place: str
    form: Format


@dataclass(frozen=True)
class ChooseSaving:
    """Set how results are saved from now on.

    ``folder``: empty for the folder of each file.
    """

    forms: tuple[Format, ...]
    folder: str = ""


FileAction = (
    AddFiles
    | PauseFiles
    | ResumeFiles
    | CancelFiles
    | RetryFile
    | ChooseTrack
    | RemoveFiles
    | MoveFile
    | CopyFile
    | SaveFile
    | ChooseSaving
)
