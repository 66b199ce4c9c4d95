"""File locks that are held exactly as long as a process has the file open, however that process ends."""

import sys


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Try to take the lock without waiting; return whether it succeeded.

    ``shared``: share the lock with other shared holders (not on Windows).
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
    return True
