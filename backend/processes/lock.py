"""Lock file of a gateway with several processes: allows one such gateway per home, and names it to ``restart``."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from backend.core.errors import ProcessFailed
from backend.core.private_files import open_or_make
from runtime.locking import try_lock

LOCK: Final = "processes.lock"
FORWARDS: Final = "processes.sock"


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the lock until the context ends. Raises ``ProcessFailed`` if another gateway has it."""
    file = folder / LOCK
    descriptor = open_or_make(file)
    try:
        if not try_lock(descriptor):
            raise ProcessFailed(
                f"process {_holder(descriptor)} runs several gateway processes here: end it, or use another "
                "KIKIPOUNAMU_HOME"
            )
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def ask_to_restart(folder: Path) -> int:
    """Ask the gateway in this folder for a rolling restart; return its pid. Raises ``ProcessFailed``."""
    not_running = "no gateway with several processes runs here: restart the service itself"
    file = folder / LOCK
    if not file.exists():
        raise ProcessFailed(not_running)
    descriptor = open_or_make(file)
    try:
        if try_lock(descriptor):
            raise ProcessFailed(not_running)
        pid = int(_holder(descriptor) or 0)
    finally:
        os.close(descriptor)
    if pid <= 0:
        raise ProcessFailed("the gateway is just starting: try again")
    os.kill(pid, signal.SIGHUP)
    return pid


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
