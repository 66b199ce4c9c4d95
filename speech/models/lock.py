"""Locks between processes that end with their process, however it ends."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from speech.models.errors import ModelBusy
from speech.models.stop import NEVER, Stop, wait_for

_PAUSE_S: Final = 0.1


@contextmanager
def hold_lock(path: Path, deadline_s: float, waiting: Callable[[], None], stop: Stop = NEVER) -> Iterator[None]:
    """Hold the lock ``path``. Calls ``waiting`` once if it must wait. Raises ``ModelBusy`` after the deadline.

    The file stays: deleting it would let two processes hold locks on two files of the same name.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _take(descriptor):
            waiting()
            if not wait_for(lambda: _take(descriptor), deadline_s, _PAUSE_S, stop):
                raise ModelBusy(
                    f"another process has been changing {path.stem} for over {deadline_s:g} s: "
                    "wait for it or end it, then try again"
                )
        yield
    finally:
        os.close(descriptor)  # this releases the lock


def is_locked(path: Path) -> bool:
    """Return whether a process currently holds the lock ``path``."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False  # the lock was never held, or cannot be
    try:
        return not _take(descriptor)
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
