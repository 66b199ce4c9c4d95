"""Messages between the app and a helper process for insertion, as frames of ``runtime.framing``.

The app sends ``OpenRequest`` first and ``CloseRequest`` last. Requests carry a number, and replies the number of
their request.
"""

import os
import threading
import time
from typing import BinaryIO, Final

from msgspec import Struct, field

from app.insertion.outcome import Insertion, Target
from app.insertion.plan import Rules
from runtime.framing import Framing

_LONGEST: Final = 16 * 2**20


class LateKey(Struct, frozen=True):
    """A paste key of a killed helper that ``program``, with this window, may still have to process."""

    program: int
    window: int


class OpenRequest(Struct, frozen=True, tag="Open"):
    """A request to connect to the desktop. Windows of the process ``app`` are our own.

    ``display``: of X11; ``None``: that of the environment, or Wayland. ``late``: the newest key last. ``run``: a
    number of this start of the app, which in a sandbox has the same process id each time.
    """

    display: str | None
    patience_s: float
    app: int
    late: tuple[LateKey, ...] = ()
    run: int = field(default_factory=time.time_ns)


class FindRequest(Struct, frozen=True, tag="Find"):
    """A request for the focused window."""

    number: int


class InsertRequest(Struct, frozen=True, tag="Insert"):
    """A request to insert ``text`` into ``target`` by ``rules``."""

    number: int
    text: str
    target: Target
    rules: Rules


class CloseRequest(Struct, frozen=True, tag="Close"):
    """A request to restore borrowed resources and end."""


class OpenedReply(Struct, frozen=True, tag="Opened"):
    """The reply of a connected helper."""


class RefusedReply(Struct, frozen=True, tag="Refused"):
    """The reply of a helper that cannot connect."""

    message: str


class FoundReply(Struct, frozen=True, tag="Found"):
    """The reply to ``FindRequest``: the focused window."""

    number: int
    target: Target | None


class PressingNotice(Struct, frozen=True, tag="Pressing"):
    """A notice that keys are about to be pressed for ``program``.

    If no ``InsertedReply`` follows, the outcome is unknown.
    """

    program: int


class InsertedReply(Struct, frozen=True, tag="Inserted"):
    """The reply to ``InsertRequest``: its result."""

    number: int
    insertion: Insertion


class FailedReply(Struct, frozen=True, tag="Failed"):
    """The reply to a request that raised an error."""

    number: int
    message: str


Request = OpenRequest | FindRequest | InsertRequest | CloseRequest
Reply = OpenedReply | RefusedReply | FoundReply | PressingNotice | InsertedReply | FailedReply

REQUESTS: Final[Framing[Request]] = Framing(Request, _LONGEST)
REPLIES: Final[Framing[Reply]] = Framing(Reply, _LONGEST)


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
