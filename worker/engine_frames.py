"""Messages between a worker and its engine process.

``LoadEngine`` is answered by ``Ready`` or ``Unavailable``, each ``Decode`` by ``Decoded`` or ``Raised``. When the
worker's side of the pipe ends, the process closes the engine and exits.
"""

from typing import Final

from msgspec import Struct

from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, EngineSettings
from runtime.framing import Framing

_LONGEST: Final = 1 << 30  # bytes; a longer frame is a broken one


class LoadEngine(Struct, frozen=True, tag="load"):
    """Request to load an engine."""

    settings: EngineSettings


class Decode(Struct, frozen=True, tag="decode"):
    """Request to recognise a batch."""

    batch: tuple[DecodeRequest, ...]


class Ready(Struct, frozen=True, tag="ready"):
    """Answer: the engine is loaded."""

    info: EngineInfo


class Unavailable(Struct, frozen=True, tag="unavailable"):
    """Answer: the engine cannot be loaded; the process ends."""

    message: str


class Decoded(Struct, frozen=True, tag="decoded"):
    """Answer with one outcome per request."""

    outcomes: tuple[DecodeOutcome, ...]


class Raised(Struct, frozen=True, tag="raised"):
    """Answer: the engine raised an exception on the batch; it can still be used."""

    message: str


Request = LoadEngine | Decode
Reply = Ready | Unavailable | Decoded | Raised

REQUESTS: Final[Framing[Request]] = Framing(Request, _LONGEST)
REPLIES: Final[Framing[Reply]] = Framing(Reply, _LONGEST)
