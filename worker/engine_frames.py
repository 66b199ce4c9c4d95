"""What a worker and its engine process say to each other.

``Load`` is answered by ``Ready`` or ``Unavailable``, each ``Decode`` by ``Decoded`` or ``Raised``. The end of the
worker's side means: close the engine and end.
"""

from typing import Final

from msgspec import Struct

from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, EngineSettings
from runtime.framing import Framing

_LONGEST: Final = 1 << 30  # bytes; a length beyond this is not one


class Load(Struct, frozen=True, tag="load"):
    """Make this engine."""

    settings: EngineSettings


class Decode(Struct, frozen=True, tag="decode"):
    """Recognise these."""

    batch: tuple[DecodeRequest, ...]


class Ready(Struct, frozen=True, tag="ready"):
    """It is loaded."""

    info: EngineInfo


class Unavailable(Struct, frozen=True, tag="unavailable"):
    """It cannot be loaded; the process ends."""

    message: str


class Decoded(Struct, frozen=True, tag="decoded"):
    """One outcome per request."""

    outcomes: tuple[DecodeOutcome, ...]


class Raised(Struct, frozen=True, tag="raised"):
    """The engine raised on the batch; it can be asked again."""

    message: str


Request = Load | Decode
Reply = Ready | Unavailable | Decoded | Raised

REQUESTS: Final[Framing[Request]] = Framing(Request, _LONGEST)
REPLIES: Final[Framing[Reply]] = Framing(Reply, _LONGEST)
