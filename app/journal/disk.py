"""Files of a take: append, sync and lock. Contains no decisions."""

import errno
import os
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from app.journal.errors import TakeBusy
from runtime.folders import private_folder
from runtime.locking import try_lock
from runtime.whole_file import sync_folder

if TYPE_CHECKING:
    from ctypes import CDLL

AUDIO: Final = "audio.pcm16"
EVENTS: Final = "events.jsonl"
LOCK: Final = "lock"
DELETED: Final = "deleted"
"""The name of the audio file while a take is being deleted."""

_CHECK_S: Final = 0.2
_MOST_AGAIN: Final = 4 * 1024 * 1024
BINARY: Final[int] = getattr(os, "O_BINARY", 0)  # Windows
_KEEP_SIZE: Final = 1
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class File(Protocol):
    """The file operations a writer needs. Each may raise ``OSError``; ``write`` may write only a part."""

    size: int

    def reserve(self, size: int) -> None: ...
    def write(self, data: bytes) -> int: ...
    def truncate(self, size: int) -> None: ...
    def sync(self) -> None: ...
    def close(self) -> None: ...


class DiskFile:
    """A ``File`` readable only by this user, created if absent. Raises ``OSError``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | BINARY, 0o600)
        self.size = self._synced = os.fstat(self._fd).st_size
        self._doubtful = False  # the last sync failed

    def reserve(self, size: int) -> None:
        """Reserve disk space for ``size`` more bytes, unless the file system cannot.

        The file keeps its length. Truncating it frees the space, closing it does not. Source: fallocate(2).
        """
        if sys.platform != "linux":
            return
        import ctypes  # late: listing recordings does not need it

        start, length = map(ctypes.c_int64, (self.size, size))
        refused = _libc().fallocate(self._fd, _KEEP_SIZE, start, length)
        if refused and (why := ctypes.get_errno()) in _NO_ROOM:
            raise OSError(why, os.strerror(why))

    def write(self, data: bytes) -> int:
        """Append data and return how many bytes were written."""
        written = os.write(self._fd, data)
        self.size += written
        return written

    def truncate(self, size: int) -> None:
        """Cut the file to ``size`` bytes."""
        os.ftruncate(self._fd, size)
        self.size, self._synced = size, min(self._synced, size)

    def sync(self) -> None:
        """Return once all written data survives a power loss.

        After a failed sync, Linux treats the data as written although it is not. So the next sync first writes it
        again; if the disk keeps failing, only the newest 4 MiB.
        """
        size = self.size
        if self._doubtful:
            self._write_again(max(self._synced, size - _MOST_AGAIN), size)
        self._doubtful = True
        self._sync()
        self._doubtful, self._synced = False, size

    def _write_again(self, start: int, stop: int) -> None:
        with self._path.open("r+b", buffering=0) as file:
            file.seek(start)
            data = file.read(stop - start) or b""
            file.seek(start)
            while data:
                data = data[file.write(data) :]

    def _sync(self) -> None:
        if sys.platform == "linux":
            os.fdatasync(self._fd)
        elif sys.platform == "darwin":
            import fcntl

            fcntl.fcntl(self._fd, fcntl.F_FULLFSYNC)  # macOS: fsync stops at the drive's cache
        else:
            os.fsync(self._fd)

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


@cache
def _libc() -> "CDLL":
    import ctypes

    return ctypes.CDLL(None, use_errno=True)


class TakeLock:
    """The lock of the one process that works on a take. The system releases it when the process ends.

    Raises ``TakeBusy`` or ``OSError``.
    """

    def __init__(self, folder: Path) -> None:
        self._fd = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._wait(folder)
        except BaseException:
            self.release()
            raise

    def _wait(self, folder: Path) -> None:
        deadline = time.monotonic() + _CHECK_S
        while not try_lock(self._fd):
            if time.monotonic() >= deadline:
                raise TakeBusy(f"take {folder.name} is in use: another process records or sends it")
            time.sleep(_CHECK_S / 20)  # ``is_locked`` in another process holds it for a moment

    def release(self) -> None:
        """Release the lock for other processes. Safe to call twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def is_locked(folder: Path) -> bool:
    """Return whether a process holds the lock of this take now, or may hold it."""
    try:
        fd = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        return not try_lock(fd, shared=True)
    except OSError:  # a file server has lost its locks: unknown, so leave the take alone
        return True
    finally:
        os.close(fd)


class Disk:
    """The disk operations that create a take; tests pass one that records their order."""

    def open(self, path: Path) -> File:
        """Open a file of a take, created if absent. Raises ``OSError``."""
        return DiskFile(path)

    def sync_folder(self, folder: Path) -> None:
        """Make new names in ``folder`` survive a power loss. Raises ``OSError``."""
        sync_folder(folder)

    def make_root(self, root: Path) -> None:
        """Create the folder of all takes. New folders survive a power loss."""
        new = [folder for folder in (root, *root.parents) if not folder.exists()]
        private_folder(root)
        for folder in reversed(new):
            self.sync_folder(folder.parent)


DISK: Final = Disk()
"""The disk of this computer."""
