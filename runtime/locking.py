"""A lock on an open file: held exactly as long as a process has it open, however that process ends."""

import sys


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Take the lock without waiting; whether it was had. ``shared``: with others who share it (not on Windows)."""
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
