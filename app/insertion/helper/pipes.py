"""The helper's ends of the pipes to the app."""

import os
import threading
from typing import BinaryIO

from app.insertion.helper.frames import REPLIES, Reply


class ReplyChannel:
    """A channel for replies, usable from any thread."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, reply: Reply) -> None:
        """Send a reply now. End the process if the app no longer reads."""
        try:
            with self._lock:
                self._pipe.write(REPLIES.pack(reply))
                self._pipe.flush()
        except BrokenPipeError:
            os._exit(0)


def take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return standard input for requests and standard output for replies; nothing else uses them from now on."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # libraries and logs may print: send that to standard error
    return requests, replies
