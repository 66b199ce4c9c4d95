"""Messages between the app and the helper process for X11, as frames of ``runtime.framing``.

The app sends ``Open`` first and ``Close`` last. Requests carry a number, and replies the number of their request.
"""

from typing import Final

from msgspec import Struct

from app.insertion.outcome import Insertion, Target
from app.insertion.plan import Rules
from runtime.framing import Framing

_LONGEST: Final = 16 * 2**20


class Open(Struct, frozen=True, tag=True):
    """A request to connect to ``display``. Windows of the process ``app`` are our own.

    ``late``: a program that may still have to process a paste key of a killed helper; 0 for none.
    """

    display: str | None
    patience_s: float
    app: int
    late: int = 0


class Find(Struct, frozen=True, tag=True):
    """A request for the focused window."""

    number: int


class Insert(Struct, frozen=True, tag=True):
    """A request to insert ``text`` into ``target`` by ``rules``."""

    number: int
    text: str
    target: Target
    rules: Rules


class Close(Struct, frozen=True, tag=True):
    """A request to restore borrowed resources and end."""


class Opened(Struct, frozen=True, tag=True):
    """The reply of a connected helper."""


class Refused(Struct, frozen=True, tag=True):
    """The reply of a helper that cannot connect."""

    message: str


class Found(Struct, frozen=True, tag=True):
    """The reply to ``Find``: the focused window."""

    number: int
    target: Target | None


class Pressing(Struct, frozen=True, tag=True):
    """A notice that keys are about to be pressed for ``program``.

    If no ``Inserted`` follows, the outcome is unknown.
    """

    program: int


class Inserted(Struct, frozen=True, tag=True):
    """The reply to ``Insert``: its result."""

    number: int
    insertion: Insertion


class Failed(Struct, frozen=True, tag=True):
    """The reply to a request that raised an error."""

    number: int
    message: str


Request = Open | Find | Insert | Close
Reply = Opened | Refused | Found | Pressing | Inserted | Failed

REQUESTS: Final[Framing[Request]] = Framing(Request, _LONGEST)
REPLIES: Final[Framing[Reply]] = Framing(Reply, _LONGEST)
