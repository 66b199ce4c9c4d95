"""Messages between the app and the helper process that inserts on X11, as frames of ``runtime.framing``.

The app sends ``Open`` first, and ``Close`` last. Questions carry a number, and their answers the same one.
"""

from typing import Final

from msgspec import Struct

from app.insertion.outcome import Insertion, Target
from app.insertion.plan import Rules
from runtime.framing import Framing

_LONGEST: Final = 16 * 2**20


class Open(Struct, frozen=True, tag=True):
    """Connect to ``display``. Windows of the process ``app`` are our own.

    ``late``: a program that may still have a paste key before it, from a helper that was killed; 0 for none.
    """

    display: str | None
    patience_s: float
    app: int
    late: int = 0


class Find(Struct, frozen=True, tag=True):
    """Find the window that has the focus."""

    number: int


class Insert(Struct, frozen=True, tag=True):
    """Insert ``text`` into ``target`` by ``rules``."""

    number: int
    text: str
    target: Target
    rules: Rules


class Close(Struct, frozen=True, tag=True):
    """Give back what is borrowed, and end."""


class Opened(Struct, frozen=True, tag=True):
    """The helper is connected."""


class Refused(Struct, frozen=True, tag=True):
    """The helper cannot connect."""

    message: str


class Found(Struct, frozen=True, tag=True):
    """The answer to ``Find``."""

    number: int
    target: Target | None


class Pressing(Struct, frozen=True, tag=True):
    """Keys are pressed from now on, for ``program``: if no ``Inserted`` follows, the outcome is unknown."""

    program: int


class Inserted(Struct, frozen=True, tag=True):
    """The answer to ``Insert``."""

    number: int
    insertion: Insertion


class Failed(Struct, frozen=True, tag=True):
    """The answer to a question that raised an error."""

    number: int
    message: str


Request = Open | Find | Insert | Close
Reply = Opened | Refused | Found | Pressing | Inserted | Failed

REQUESTS: Final[Framing[Request]] = Framing(Request, _LONGEST)
REPLIES: Final[Framing[Reply]] = Framing(Reply, _LONGEST)
