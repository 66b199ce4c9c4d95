"""Simulated full disk: ``RLIMIT_FSIZE`` keeps every file of a process from growing.

This needs neither root nor a small file system nor a large file to fill it, and disturbs no other process. Unlike
on a real full disk, the error is EFBIG, not ENOSPC. After the part of a write that still fits, the signal SIGXFSZ
ends programs that do not ignore it.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import psutil

AVAILABLE: Final = sys.platform == "linux"


@contextmanager
def full_disk(
    processes: Sequence[psutil.Process], afterwards: Callable[[], Sequence[psutil.Process]]
) -> Iterator[None]:
    """Keep the files of these processes from growing while the context is entered.

    ``afterwards`` returns those that run in the end: processes started meanwhile have inherited the limit.
    """
    before: dict[psutil.Process, int] = {}
    try:
        for process in processes:
            before[process] = _limit(process, 0)
        yield
    finally:
        usual = next(iter(before.values()), psutil.RLIM_INFINITY)
        for process in {*before, *afterwards()}:
            with suppress(psutil.Error):
                _limit(process, before.get(process, usual))


def _limit(process: psutil.Process, soft: int) -> int:
    """Set the soft limit of the length of files; return the previous one."""
    before, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (soft, hard))
    return before
