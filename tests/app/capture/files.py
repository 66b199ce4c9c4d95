"""Files that fail as disks do, and takes for tests."""

import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.capture.disk import Disk, DiskFile

Samples = NDArray[np.int16]


def tone(start: int, samples: int) -> Samples:
    """Samples that say where in the take they are."""
    return (np.arange(start, start + samples, dtype=np.int64) * 7919 % 65_521 - 32_760).astype(np.int16)


class FaultyFile(DiskFile):
    """A real file on a disk with ``room`` bytes left; ``None``: enough. It knows what a power loss would leave.

    ``patient``: wait for the real disk. A test that makes its own power losses need not.
    """

    def __init__(
        self, path: Path, log: Callable[[str], None] = lambda what: None, *, patient: bool = True
    ) -> None:
        super().__init__(path)
        self._patient = patient
        self.room: int | None = None
        self.synced = self.size
        self.broken = False
        self._name = path.name
        self._log = log

    def write(self, data: bytes) -> int:
        """As much as there is room for, as ``write(2)``."""
        if self.room is not None:
            if self.room == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            data = data[: self.room]
            self.room -= len(data)
        written = super().write(data)
        self._log(f"write {self._name} {written}")
        return written

    def sync(self) -> None:
        """Make it survive, unless the disk is broken."""
        if self.broken:
            raise OSError(errno.EIO, "Input/output error")
        size = self.size
        if self._patient:
            super().sync()
        self.synced = size
        self._log(f"sync {self._name}")


def opened_in(files: dict[str, FaultyFile], path: Path, *, patient: bool = True) -> FaultyFile:
    """Open a faulty file and note it under its name."""
    files[path.name] = FaultyFile(path, patient=patient)
    return files[path.name]


class NotingDisk(Disk):
    """The real disk; ``log`` has what was written and synced, in order."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def open(self, path: Path) -> FaultyFile:
        """Open a file whose writes and syncs are noted."""
        return FaultyFile(path, self.log.append)

    def sync_folder(self, folder: Path) -> None:
        """Note which folder."""
        super().sync_folder(folder)
        self.log.append(f"sync {folder.name}/")
