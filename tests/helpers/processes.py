"""Looking at processes from outside."""

import psutil


def gone(pid: int) -> bool:
    """Whether it has ended; one that nobody has buried yet counts as ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
