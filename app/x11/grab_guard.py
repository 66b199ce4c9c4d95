"""Kill a process that grabs the X server for too long. Standard library only; makes no X requests.

While the server is grabbed, it answers no other program. A process that stops in that state would freeze the whole
session. Its parent therefore watches it and kills it at a deadline. The server then releases the grab.

    grabs = watched(deadline_s=0.2)    # forks; only the child returns
    grabs.begin()
    ...                                # the child is killed if ``end`` does not follow in time
    grabs.end()

The parent is a copy of the small process that forked, so Python need not start twice.
"""

import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Final

from runtime.leash import leash_self

GRAB_DEADLINE_S: Final = 0.2
CUT_OFF: Final = 75
"""Exit status: the helper grabbed the X server for too long and was killed."""

_BEGIN: Final = b"b"
_END: Final = b"e"
_MOST_REPORTS: Final = 4096


class Grabs:
    """Grabs of the server, reported through a pipe, one byte each."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def begin(self) -> None:
        """Report the start of a grab, which starts its deadline."""
        os.write(self._descriptor, _BEGIN)

    def end(self) -> None:
        """Report the end of a grab, which stops its deadline."""
        os.write(self._descriptor, _END)


def fork_watched(deadline_s: float) -> Grabs:
    """Fork and return in the child; the parent watches the child and exits with its status."""
    reading, writing = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(reading)
        leash_self(parent, signal.SIGKILL)
        return Grabs(writing)
    os.close(writing)
    _leave_standard_streams()
    os._exit(watch(child, reading, deadline_s))


def watch(child: int, reports: int, deadline_s: float) -> int:
    """Wait for the end of ``child`` and return its exit status; kill it if a grab lasts over ``deadline_s``."""
    cut_off = False
    ends: float | None = None
    while True:
        left = None if ends is None else max(0.0, ends - time.monotonic())
        if not select.select([reports], [], [], left)[0]:
            cut_off, ends = True, None
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            continue  # the pipe closes when the child ends
        told = os.read(reports, _MOST_REPORTS)
        if not told:
            break
        ends = time.monotonic() + deadline_s if told.endswith(_BEGIN) and not cut_off else None
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return CUT_OFF if cut_off else (status if status >= 0 else 128 - status)


def _leave_standard_streams() -> None:
    """Leave the pipes of standard input and output to the child: they must close when the child ends."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (sys.stdin.fileno(), sys.stdout.fileno()):
        os.dup2(nothing, descriptor)
