"""What the process that reads a file says to its gateway.

``Opened`` or ``Broken`` comes first; then pieces, and in silence ``Heard``; ``Ended`` or ``Broken`` is the last.
"""

from typing import Final

from msgspec import Struct

from protocol.errors import ErrorCode
from runtime.framing import Framing


class Opened(Struct, frozen=True, tag="opened"):
    """It can be read. ``vad``: which detector says where to cut; ``seconds``: how long the file says it is."""

    vad: str
    seconds: float | None = None


class Piece(Struct, frozen=True, tag="piece"):
    """A whole segment, which begins ``at`` this sample of the file. ``pcm``: PCM16LE, mono, 16 kHz."""

    segment: int
    at: int
    pcm: bytes


class Heard(Struct, frozen=True, tag="heard"):
    """So many samples of the file were listened to."""

    samples: int


class Ended(Struct, frozen=True, tag="ended"):
    """All of the file was read: so many segments, so many samples. ``truncated``: its end is missing."""

    segments: int
    samples: int
    truncated: bool = False


class Broken(Struct, frozen=True, tag="broken"):
    """It cannot be read, or not to its end."""

    code: ErrorCode
    message: str


Frame = Opened | Piece | Heard | Ended | Broken

FRAMES: Final[Framing[Frame]] = Framing(
    Frame, longest=16 * 1024 * 1024
)  # the longest segment has less than one mebibyte
