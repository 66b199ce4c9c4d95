"""File locks that are held exactly as long as a process has the file open, however that process ends."""

import errno
import os
import sys
from contextlib import suppress
from typing import Final

_NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Try to take the lock without waiting; return whether it succeeded.

    ``shared``: share the lock with other shared holders (not on Windows). Raises ``OSError``, as ``ENOLCK`` with
    the file's name if its file system has no locks.
    """
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        raise OSError(errno.ENOLCK, "its file system has no locks", _path_of(descriptor)) from error
    return True


def _path_of(descriptor: int) -> str | None:
    """Return the path of an open file on Linux; ``None`` elsewhere."""
    with suppress(OSError):
        return os.readlink(f"/proc/self/fd/{descriptor}")
    return None
