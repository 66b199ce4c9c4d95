"""What the process that reads a file says to its gateway: msgpack after a 4-byte little-endian length.

``Opened`` or ``Broken`` comes first; then pieces, and in silence ``Heard``; ``Ended`` or ``Broken`` is the last.
"""

from typing import Final

import msgspec
from msgspec import Struct

from protocol.errors import ErrorCode

HEADER_BYTES: Final = 4
LONGEST_FRAME: Final = 16 * 1024 * 1024  # the longest segment has less than a mebibyte


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
    """The whole file was read: so many segments, so many samples."""

    segments: int
    samples: int


class Broken(Struct, frozen=True, tag="broken"):
    """It cannot be read, or not to its end."""

    code: ErrorCode
    message: str


Frame = Opened | Piece | Heard | Ended | Broken

_encoder = msgspec.msgpack.Encoder()
_frames: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)


class BrokenFrame(Exception):
    """Something else than a frame of ours came out of the pipe."""


def pack(frame: Frame) -> bytes:
    """A frame with its length before it."""
    body = _encoder.encode(frame)
    return len(body).to_bytes(HEADER_BYTES, "little") + body


def body_length(header: bytes) -> int:
    """Bytes that follow this header. Raises ``BrokenFrame``."""
    length = int.from_bytes(header, "little")
    if length > LONGEST_FRAME:
        raise BrokenFrame(f"a frame of {length} bytes")
    return length


def unpack(body: bytes) -> Frame:
    """What was said. Raises ``BrokenFrame``."""
    try:
        return _frames.decode(body)
    except msgspec.DecodeError as error:
        raise BrokenFrame(str(error)) from error
