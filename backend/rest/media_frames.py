"""Messages from the process that reads a file to its gateway.

``MediaOpened`` or ``MediaBroken`` comes first. Then follow pieces, and ``MediaProgress`` during silence.
``MediaEnded`` or ``MediaBroken`` is last.
"""

from typing import Final

from msgspec import Struct

from protocol.errors import ErrorCode
from runtime.framing import Framing


class MediaOpened(Struct, frozen=True, tag="opened"):
    """The file is readable. ``vad``: the detector in use. ``seconds``: the length that the file states."""

    vad: str
    seconds: float | None = None


class MediaSegment(Struct, frozen=True, tag="piece"):
    """A complete segment that begins at sample ``at`` of the file. ``pcm``: PCM16LE, mono, 16 kHz.

    ``gain_db``: amplification before it is decoded.
    """

    segment: int
    at: int
    pcm: bytes
    gain_db: int = 0


class MediaProgress(Struct, frozen=True, tag="heard"):
    """The number of samples processed so far."""

    samples: int


class MediaEnded(Struct, frozen=True, tag="ended"):
    """The file was read completely; ``truncated``: its end is missing.

    ``segments`` and ``samples`` are totals.
    """

    segments: int
    samples: int
    truncated: bool = False


class MediaBroken(Struct, frozen=True, tag="broken"):
    """The file is unreadable from the beginning or from some point."""

    code: ErrorCode
    message: str


Frame = MediaOpened | MediaSegment | MediaProgress | MediaEnded | MediaBroken

FRAMES: Final[Framing[Frame]] = Framing(Frame, longest=16 * 1024 * 1024)  # no segment takes one mebibyte
