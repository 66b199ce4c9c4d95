"""Framing of messages through a pipe to or from a child process: msgpack after a 4-byte little-endian length."""

from typing import TYPE_CHECKING, Any, BinaryIO, Final, Generic, TypeVar

import msgspec

from protocol.encodable import to_encodable

if TYPE_CHECKING:
    import asyncio  # child processes read without it

HEADER_BYTES: Final = 4

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder()


class BrokenFrame(Exception):
    """Data from the pipe that is not a valid message."""


class Framing(Generic[T]):
    """Encoder and decoder of one kind of message.

    ``kind``: a tagged ``Struct``, or a union of such. ``longest``: most bytes of a message.
    """

    def __init__(self, kind: Any, longest: int) -> None:
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(kind)
        self._longest = longest

    def pack(self, message: T) -> bytes:
        """Return the message, preceded by its length. An unpaired surrogate becomes U+FFFD."""
        try:
            body = _encoder.encode(message)
        except UnicodeEncodeError:
            body = _encoder.encode(to_encodable(message))
        return len(body).to_bytes(HEADER_BYTES, "little") + body

    async def receive(self, pipe: "asyncio.StreamReader") -> T:
        """Return the next message. Raises ``IncompleteReadError`` at the end of the pipe, and ``BrokenFrame``."""
        length = self._length(await pipe.readexactly(HEADER_BYTES))
        return self._decode(await pipe.readexactly(length))

    def read(self, pipe: BinaryIO) -> T | None:
        """Return the next message, or ``None`` if the pipe ends, even within a message. Raises ``BrokenFrame``."""
        header = pipe.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES:
            return None
        length = self._length(header)
        body = pipe.read(length)
        return self._decode(body) if len(body) == length else None

    def _length(self, header: bytes) -> int:
        length = int.from_bytes(header, "little")
        if length > self._longest:
            raise BrokenFrame(f"a frame of {length} bytes")
        return length

    def _decode(self, body: bytes) -> T:
        try:
            return self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BrokenFrame(str(error)) from error
