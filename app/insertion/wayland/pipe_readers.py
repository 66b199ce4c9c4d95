"""Which program reads from a pipe, as far as the system reports it.

Data-control names no reader of the clipboard. But a reader holds the other end of the pipe that it wants filled,
and Linux lists the open files of the user's processes. Source: proc(5).
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROCESSES: Final = Path("/proc")
_MOST_PROCESSES: Final = 256


def is_read_elsewhere(pipe: int, process: int, compositor: int) -> bool:
    """Return whether surely neither ``process`` nor the compositor nor a process that they started reads ``pipe``.

    The compositor reads for X programs. Return False if that is unknown.
    """
    try:
        name = f"pipe:[{os.fstat(pipe).st_ino}]"
        return not any(_reads(each, name) for root in (process, compositor) for each in _family(root))
    except OSError:
        return False  # a process has ended, or hides its files


def _family(process: int) -> Iterator[int]:
    """Yield the process and its descendants. Raises ``OSError`` if that is impossible."""
    left = [process]
    for _ in range(_MOST_PROCESSES):
        if not left:
            return
        yield (each := left.pop())
        for task in os.listdir(_PROCESSES / str(each) / "task"):
            children = _PROCESSES / str(each) / "task" / task / "children"
            left.extend(map(int, children.read_text("ascii").split()))
    raise OSError("too many processes")


def _reads(process: int, name: str) -> bool:
    """Return whether a process has the reading end of the pipe with this name open. Raises ``OSError``."""
    with os.scandir(_PROCESSES / str(process) / "fd") as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # closed meanwhile
                if os.readlink(entry.path) == name and entry.stat(follow_symlinks=False).st_mode & stat.S_IRUSR:
                    return True
    return False
