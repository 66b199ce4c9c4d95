"""The files of a take as they are on disk. What cannot be read of them is a fault, not an error."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.capture.damage import Fault
from app.capture.disk import AUDIO, BINARY, DELETED, EVENTS
from app.capture.reading import read_take
from app.capture.take import Take

MOST_BYTES: Final = 128 * 1024 * 1024
MOST_LINES: Final = 500_000
"""A session has 65,536 segments at most, with some hundred bytes in a handful of lines each."""

_KINDS: Final = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_NOT_BLOCKING: Final[int] = getattr(os, "O_NONBLOCK", 0)


class Unreadable(Exception):
    """What is at the place of a file cannot be read as one. The text says why."""


@dataclass(frozen=True)
class TakeFiles:
    """Sizes in bytes; ``None``: the file is not there. ``faults``: what is there and cannot be read as a file."""

    events: int | None
    audio: int | None
    faults: tuple[Fault, ...] = ()

    @property
    def exist(self) -> bool:
        """Whether there is a take: not an empty folder, nor one whose deletion has begun."""
        return bool(self.faults or self.audio or self.events is not None)


def look(folder: Path) -> TakeFiles:
    """Look at the files of a take, without reading them."""
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
    """Read a journal; one that is not there is empty. Raises ``Unreadable``, also for one that is too large."""
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
    """Read the take of a folder, with everything that is wrong with it, and look at its files."""
    files = look(folder)
    unreadable = {fault.file for fault in files.faults}
    if EVENTS in unreadable or not files.exist:
        return Take(file_faults=list(files.faults)), files
    try:
        events = read_events(folder)
    except Unreadable as error:
        return Take(file_faults=[*files.faults, Fault(EVENTS, str(error))]), files
    if AUDIO in unreadable:
        take = read_take(events, 0)
        take.file_faults = list(files.faults)  # nothing more is to be said of its size
        return take, files
    files = look(folder)  # after the events, which speak of no audio that is not there
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
