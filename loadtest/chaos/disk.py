"""Full disk: no file of a process may grow, by ``RLIMIT_FSIZE``.

This needs no root, no small file system and no ballast, and touches no other process on the disk. Unlike on a
real full disk the error is EFBIG, not ENOSPC, and the signal SIGXFSZ ends programs that do not ignore it, after
the part of a write that still fits.
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
    """Let no file of these processes grow.

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
    """Set the soft limit of the length of files; return the one before."""
    before, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (soft, hard))
    return before
