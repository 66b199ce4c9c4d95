"""Check processes from outside."""

import psutil


def gone(pid: int) -> bool:
    """Return whether the process has ended; a zombie counts as ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
