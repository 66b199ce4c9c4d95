"""Messages between a worker and its engine process.

``LoadEngine`` is answered by ``Ready`` or ``Unavailable``, each ``Decode`` by ``Decoded`` or ``Raised``, and each
``Feed`` by ``Fed`` or ``Raised``. When the worker's side of the pipe ends, the process closes the engine and
exits.
"""

from typing import Final

from msgspec import Struct

from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, EnginePiece, EngineSettings
from runtime.framing import Framing

_LONGEST: Final = 1 << 30  # bytes; a longer frame is a broken one


class LoadEngine(Struct, frozen=True, tag="load"):
    """Request to load an engine. ``streams``: it must recognise live text, instead of whole segments."""

    settings: EngineSettings
    streams: bool = False


class Decode(Struct, frozen=True, tag="decode"):
    """Request to recognise a batch."""

    batch: tuple[DecodeRequest, ...]


class Feed(Struct, frozen=True, tag="feed"):
    """Request to release the states ``dropped``, then to append the pieces to their utterances."""

    pieces: tuple[EnginePiece, ...]
    dropped: tuple[int, ...] = ()


class Ready(Struct, frozen=True, tag="ready"):
    """Answer: the engine is loaded."""

    info: EngineInfo


class Unavailable(Struct, frozen=True, tag="unavailable"):
    """Answer: the engine cannot be loaded; the process ends. ``unknown``: the name is not that of an engine."""

    message: str
    unknown: bool = False


class Decoded(Struct, frozen=True, tag="decoded"):
    """Answer with one outcome per request."""

    outcomes: tuple[DecodeOutcome, ...]


class Fed(Struct, frozen=True, tag="fed"):
    """Answer with the text of each piece's utterance so far."""

    texts: tuple[str, ...]


class Raised(Struct, frozen=True, tag="raised"):
    """Answer: the engine raised an exception on the batch; it can still be used."""

    message: str


Request = LoadEngine | Decode | Feed
Reply = Ready | Unavailable | Decoded | Fed | Raised

REQUESTS: Final[Framing[Request]] = Framing(Request, _LONGEST)
REPLIES: Final[Framing[Reply]] = Framing(Reply, _LONGEST)
