"""Actions of a user on the files that are recognised in the background, and their views. Pure.

``file``: its number in the list.
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
"""Formats in which results are saved until the user chooses others."""
_EARLY_S: Final = 5.0


class FileState(StrEnum):
    """State of a file in the list."""

    ADDED = "added"  # its format and length are being read
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

    ``position_s``: end of the recognised part. ``left_s``: estimated remaining time. ``text``: its end while
    working, else its beginning. ``results``: paths of saved results. ``truncated``: the end of the file is
    missing. ``again``: its failed segments are to be tried once more. ``track``: the sound track that is
    recognised, of ``tracks``, from 1 on; 0: the default one. ``tracks``: 0 until they are counted.
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
        """Name without its folder, with only printable characters."""
        return printable(Path(self.path).name)

    @property
    def untouched(self) -> bool:
        """True if it is queued and nothing of it is recognised yet."""
        return self.state not in ENDED | {FileState.WORKING} and not self.position_s

    @property
    def unsaved(self) -> bool:
        """True if it has ended, and only the list has its text."""
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
    """Estimate the time for ``todo_s`` of audio; ``None`` if it is too early.

    ``done_s`` of audio took ``elapsed_s``.
    """
    if done_s <= 0 or elapsed_s < _EARLY_S:
        return None
    return max(0.0, todo_s) * elapsed_s / done_s


def shortened(text: str, *, end: bool) -> str:
    """Cut a text to what the list shows: its beginning, or its ``end``."""
    if len(text) <= MOST_TEXT:
        return text
    return f"…{text[-MOST_TEXT:].lstrip()}" if end else f"{text[:MOST_TEXT].rstrip()}…"


@dataclass(frozen=True)
class AddFiles:
    """Recognise these files, and the recordings in these folders."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class PauseFiles:
    """Stop sending this file; without a number, all files."""

    file: int | None = None


@dataclass(frozen=True)
class ResumeFiles:
    """Continue a paused file; without a number, all of them."""

    file: int | None = None


@dataclass(frozen=True)
class CancelFiles:
    """End this file, and keep what is recognised of it; without a number, all files of which nothing is yet."""

    file: int | None = None


@dataclass(frozen=True)
class RetryFile:
    """Retry the failed parts and gaps of this file, or continue it if it was cancelled."""

    file: int


@dataclass(frozen=True)
class ChooseTrack:
    """Recognise this sound track of the file instead, from the beginning. Saved results stay."""

    file: int
    track: int


@dataclass(frozen=True)
class RemoveFiles:
    """Remove this file from the list; without a number, all that have ended.

    Saved results stay. Without a number, unsaved texts stay too until the second request in a row.
    """

    file: int | None = None


@dataclass(frozen=True)
class MoveFile:
    """Move this file by so many places; negative: up.

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
    """Write the text of this file to ``place``.

    The caller has confirmed that a file there may be replaced.
    """

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
