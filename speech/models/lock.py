"""A lock between processes that ends with its process, however that dies."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from speech.models.errors import ModelBusy

_PAUSE_S: Final = 0.1


@contextmanager
def locked(path: Path, deadline_s: float, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock ``path``. Calls ``waiting`` once if it must wait. Raises ``ModelBusy`` after the deadline.

    The file stays: deleting it would let two processes hold locks on two files of the same name.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _take(descriptor):
            waiting()
            end = time.monotonic() + deadline_s
            while not _take(descriptor):
                if time.monotonic() > end:
                    raise ModelBusy(
                        f"another process has been changing {path.stem} for over {deadline_s:g} s: "
                        "wait for it or end it, then try again"
                    )
                time.sleep(_PAUSE_S)
        yield
    finally:
        os.close(descriptor)  # this releases the lock


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
