"""Files that fail like full or broken disks, and takes for tests."""

import errno
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.journal.disk import Disk, DiskFile
from app.journal.events import Event
from app.journal.take import Take

Samples = NDArray[np.int16]


def tone(start: int, samples: int) -> Samples:
    """Return samples whose values identify their position in the take."""
    return (np.arange(start, start + samples, dtype=np.int64) * 7919 % 65_521 - 32_760).astype(np.int16)


class FaultyFile(DiskFile):
    """A real file on a disk with ``room`` bytes left; ``None``: unlimited. ``synced`` would survive a power loss.

    ``patient``: wait for the real disk. A test that simulates its own power losses need not. The file system
    cannot reserve space.
    """

    def __init__(
        self, path: Path, log: Callable[[str], None] = lambda what: None, *, patient: bool = True
    ) -> None:
        super().__init__(path)
        self._patient = patient
        self.room: int | None = None
        self.synced = self.size
        self.broken = False
        self.read_only = False
        self._name = path.name
        self._log = log

    def reserve(self, size: int) -> None:
        """Reserve nothing, like a file system that cannot."""

    def write(self, data: bytes) -> int:
        """Write as much as fits, like ``write(2)``."""
        if self.read_only:
            raise OSError(errno.EROFS, "Read-only file system")
        if self.room is not None:
            if self.room == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            data = data[: self.room]
            self.room -= len(data)
        written = super().write(data)
        self._log(f"write {self._name} {written}")
        return written

    def truncate(self, size: int) -> None:
        """Cut the file, unless the disk is read-only."""
        if self.read_only:
            raise OSError(errno.EROFS, "Read-only file system")
        super().truncate(size)

    def sync(self) -> None:
        """Count all bytes as synced, unless the disk is broken."""
        if self.read_only:
            raise OSError(errno.EROFS, "Read-only file system")
        if self.broken:
            raise OSError(errno.EIO, "Input/output error")
        size = self.size
        if self._patient:
            super().sync()
        self.synced = size
        self._log(f"sync {self._name}")


def opened_in(files: dict[str, FaultyFile], path: Path, *, patient: bool = True) -> FaultyFile:
    """Open a faulty file and store it in ``files`` under its name."""
    files[path.name] = FaultyFile(path, patient=patient)
    return files[path.name]


class NotingDisk(Disk):
    """The real disk; ``log`` has all writes and syncs in order."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def open(self, path: Path) -> FaultyFile:
        """Open a file whose writes and syncs are logged."""
        return FaultyFile(path, self.log.append)

    def sync_folder(self, folder: Path) -> None:
        """Sync a folder and log its name."""
        super().sync_folder(folder)
        self.log.append(f"sync {folder.name}/")


def take_of(events: Iterable[Event]) -> Take:
    """Return the take that these events describe."""
    take = Take()
    for event in events:
        take.apply(event)
    return take


class FragileDisk(Disk):
    """A disk that may become read-only."""

    def __init__(self) -> None:
        self.files: dict[str, FaultyFile] = {}

    def open(self, path: Path) -> FaultyFile:
        return opened_in(self.files, path)

    def read_only(self, refuses: bool) -> None:
        for file in self.files.values():
            file.read_only = refuses
