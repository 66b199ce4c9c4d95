"""The helper process for insertion, which stops itself once: WHEN FILE GRAB_DEADLINE_S DESCRIPTOR.

WHEN is ``begin`` (a grab of the server is announced) or ``pressing`` (the server is grabbed, and keys are next).
The process that stops creates FILE; a helper that finds FILE does not stop.
"""

import os
import signal
import sys
import time
from pathlib import Path

from app.insertion.helper.frames import PressingNotice, Reply, ReplyChannel
from app.insertion.helper.service import serve
from app.x11.grab_guard import Grabs, fork_watched

_LONG_S = 600.0


def stop_once(when: str) -> None:
    """Stop this process if its moment has come."""
    place = Path(sys.argv[2])
    if when == sys.argv[1] and not place.exists():
        place.touch()
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(_LONG_S)  # the signal may reach another thread first


class StoppingReplies(ReplyChannel):
    """Replies that stop the process before keys are pressed."""

    def send(self, reply: Reply) -> None:
        """Send the reply, then stop."""
        super().send(reply)
        if isinstance(reply, PressingNotice):
            stop_once("pressing")


class StoppingGrabs(Grabs):
    """Grabs that stop the process when the server is about to be grabbed."""

    def __init__(self, grabs: Grabs) -> None:
        self._grabs = grabs

    def begin(self) -> None:
        """Report the grab, then stop."""
        self._grabs.begin()
        stop_once("begin")

    def end(self) -> None:
        """Report the end of the grab."""
        self._grabs.end()


if __name__ == "__main__":
    serve(StoppingGrabs(fork_watched(float(sys.argv[3]))), int(sys.argv[4]), StoppingReplies)
