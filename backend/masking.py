"""Frames of WebSocket clients must be masked (RFC 6455, section 5.1): one that is not ends its connection (1002).

aiohttp's reader accepts both kinds. This one stands before it and looks at the headers of frames only.
"""

from typing import Final, Protocol

_MASKED: Final = 0x80
_EXTENDED: Final = {126: 2, 127: 8}
_MASK_BYTES: Final = 4
_RESERVED: Final = b"\x70\x80"
"""The header of a frame that no reader accepts: its own way to end the connection with 1002."""


class Reader(Protocol):
    """aiohttp's reader of frames."""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes; return whether the connection ends, and what was not read."""
        ...

    def feed_eof(self) -> None:
        """No more comes."""
        ...


class MaskedFrames:
    """Passes bytes on to ``reader`` up to the first frame without a mask."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._header = b""  # as far as it is here
        self._left = 0  # bytes of the frame behind its header
        self._refused = False

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """As ``Reader``. Bytes of a header are passed on when it is complete."""
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
        """As ``Reader``."""
        self._reader.feed_eof()


def _header_size(second: int) -> int:
    """Return the bytes of a header with its mask, from its second byte."""
    return 2 + _EXTENDED.get(second & ~_MASKED, 0) + _MASK_BYTES


def _length(header: bytes) -> int:
    """Return the bytes behind a complete header."""
    short = header[1] & ~_MASKED
    extended = _EXTENDED.get(short)
    return short if extended is None else int.from_bytes(header[2 : 2 + extended], "big")
