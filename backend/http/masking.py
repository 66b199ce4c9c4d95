"""Check that WebSocket clients mask their frames (RFC 6455, section 5.1); otherwise close with code 1002.

aiohttp's reader accepts unmasked frames too. This reader runs before it and inspects only frame headers.
"""

from typing import Final, Protocol

_MASKED: Final = 0x80
_EXTENDED: Final = {126: 2, 127: 8}
_MASK_BYTES: Final = 4
_RESERVED: Final = b"\x70\x80"
"""Header of an invalid frame, which makes aiohttp's reader close the connection with 1002."""


class AiohttpReader(Protocol):
    """Interface of aiohttp's reader of frames."""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Read bytes; return whether the connection ends, and the unread rest."""
        ...

    def feed_eof(self) -> None:
        """Handle the end of the data."""
        ...


class MaskedFrames:
    """Filter that passes bytes to ``reader`` up to the first unmasked frame."""

    def __init__(self, reader: AiohttpReader) -> None:
        self._reader = reader
        self._header = b""  # the part received so far
        self._left = 0  # missing bytes of the frame's payload
        self._refused = False

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Filter bytes as ``AiohttpReader``. Bytes of a header are passed on once it is complete."""
        if self._refused:
            return True, b""
        rest, at = self._header + data, self._left
        while len(rest) - at >= 2:
            if not rest[at + 1] & _MASKED:
                self._refused = True
                return self._reader.feed_data(rest[:at] + _RESERVED)
            size = _header_size(rest[at + 1])
            if len(rest) - at < size:
                break
            at += size + _length(rest[at : at + size])
        self._header, self._left = rest[at:], max(0, at - len(rest))
        return self._reader.feed_data(rest[:at]) if rest[:at] else (False, b"")

    def feed_eof(self) -> None:
        """Pass on the end of the data."""
        self._reader.feed_eof()


def _header_size(second: int) -> int:
    """Return the size of a header with its mask, from its second byte."""
    return 2 + _EXTENDED.get(second & ~_MASKED, 0) + _MASK_BYTES


def _length(header: bytes) -> int:
    """Return the size of the payload, from a complete header."""
    short = header[1] & ~_MASKED
    extended = _EXTENDED.get(short)
    return short if extended is None else int.from_bytes(header[2 : 2 + extended], "big")
