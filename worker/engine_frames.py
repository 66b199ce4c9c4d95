"""What a worker and its engine process say to each other: msgpack after a 4-byte little-endian length.

``Load`` is answered by ``Ready`` or ``Unavailable``, each ``Decode`` by ``Decoded`` or ``Raised``. The end of the
worker's side means: close the engine and end.
"""

from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, EngineSettings

HEADER_BYTES: Final = 4
LONGEST_FRAME: Final = 1 << 30  # a header beyond this is not one


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

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_replies: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


class BrokenFrame(Exception):
    """Something else than a frame of ours came out of the pipe."""


def pack(message: Request | Reply) -> bytes:
    """A message with its length before it."""
    body = _encoder.encode(message)
    return len(body).to_bytes(HEADER_BYTES, "little") + body


def body_length(header: bytes) -> int:
    """Bytes that follow this header. Raises ``BrokenFrame``."""
    length = int.from_bytes(header, "little")
    if length > LONGEST_FRAME:
        raise BrokenFrame(f"a frame of {length} bytes")
    return length


def unpack_reply(body: bytes) -> Reply:
    """What an engine process said. Raises ``BrokenFrame``."""
    try:
        return _replies.decode(body)
    except msgspec.DecodeError as error:
        raise BrokenFrame(str(error)) from error


def read_request(pipe: BinaryIO) -> Request | None:
    """The next request; ``None`` at the end of the worker's side."""
    header = pipe.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        return None
    length = body_length(header)
    body = pipe.read(length)
    return _requests.decode(body) if len(body) == length else None
