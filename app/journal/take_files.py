"""Inspect and read the files of a take. Unreadable files are reported as faults, not raised."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.journal.disk import AUDIO, BINARY, DELETED, EVENTS
from app.journal.lines import Fault
from app.journal.take import Take
from app.journal.take_reader import read_take

MOST_BYTES: Final = 128 * 1024 * 1024
MOST_LINES: Final = 500_000
"""A session has at most 65,536 segments, each with a few lines of some hundred bytes."""

_KINDS: Final = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_NOT_BLOCKING: Final[int] = getattr(os, "O_NONBLOCK", 0)


class Unreadable(Exception):
    """An error: the path cannot be read as a file. The text contains the reason."""


@dataclass(frozen=True)
class TakeFiles:
    """File sizes in bytes; ``None`` if a file is absent.

    ``faults``: paths that exist but cannot be read as files.
    """

    events: int | None
    audio: int | None
    faults: tuple[Fault, ...] = ()

    @property
    def exist(self) -> bool:
        """True if a take exists: neither an empty folder nor one being deleted."""
        return bool(self.faults or self.audio or self.events is not None)


def inspect_files(folder: Path) -> TakeFiles:
    """Inspect the files of a take without reading them."""
    sizes, faults = dict[str, int | None](), list[Fault]()
    for name in (EVENTS, AUDIO):
        try:
            sizes[name] = _size(folder / name)
        except Unreadable as error:
            sizes[name] = 0
            faults.append(Fault(name, str(error)))
    if sizes[AUDIO] is None and not faults and (folder / DELETED).exists():
        return TakeFiles(None, None)
    return TakeFiles(sizes[EVENTS], sizes[AUDIO], tuple(faults))


def read_events(folder: Path) -> bytes:
    """Read a journal; a missing file is empty. Raises ``Unreadable``, also for a file that is too large."""
    if (size := _size(folder / EVENTS)) is None:
        return b""
    try:
        with os.fdopen(os.open(folder / EVENTS, os.O_RDONLY | BINARY | _NOT_BLOCKING), "rb") as file:
            data = file.read(MOST_BYTES + 1) if size <= MOST_BYTES else b""
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror}") from error
    if size > MOST_BYTES or len(data) > MOST_BYTES:
        raise Unreadable(f"it has {size} bytes, and no journal has more than {MOST_BYTES}")
    if (lines := data.count(b"\n")) > MOST_LINES:
        raise Unreadable(f"it has {lines} lines, and no journal has more than {MOST_LINES}")
    return data


def read_folder(folder: Path) -> tuple[Take, TakeFiles]:
    """Read the take in a folder, including all its faults, and inspect its files."""
    files = inspect_files(folder)
    unreadable = {fault.file for fault in files.faults}
    if EVENTS in unreadable or not files.exist:
        return Take(file_faults=list(files.faults)), files
    try:
        events = read_events(folder)
    except Unreadable as error:
        return Take(file_faults=[*files.faults, Fault(EVENTS, str(error))]), files
    if AUDIO in unreadable:
        take = read_take(events, 0)
        take.file_faults = list(files.faults)  # the size of an unreadable file is no evidence
        return take, files
    files = inspect_files(folder)  # after the events: they refer only to audio already written
    return read_take(events, files.audio or 0), files


def _size(path: Path) -> int | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise Unreadable("it is a link to nothing") from None
        return None
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable(f"it is {_KINDS.get(stat.S_IFMT(found.st_mode), 'something else')}, not a file")
    return found.st_size
