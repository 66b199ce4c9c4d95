"""WebSocket frames of clients (RFC 6455): bytes to messages, a limited number per call. Pure.

Limits are checked on headers, before a payload is stored. Extensions are never negotiated, so reserved bits are
violations, as are frames without a mask.
"""

from struct import Struct
from typing import Final

from aiohttp._websocket.helpers import websocket_mask  # its compiled one; 30 times as fast as integers of Python

from protocol.errors import CloseCode

TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10

MESSAGES_A_TURN: Final = 32
"""Messages of one call, so that a burst of tiny frames does not delay other connections."""
_CONTINUATION: Final = 0
_FINAL: Final = 0x80
_MASKED: Final = 0x80
_RESERVED: Final = 0x70
_OPCODE: Final = 0x0F
_WHOLE_BINARY: Final = _FINAL | BINARY
_WHOLE: Final = frozenset({_FINAL | TEXT, _WHOLE_BINARY})
_MOST_SHORT: Final = 125
_TWO_BYTES: Final = 126
_HEADER: Final = 6  # with the mask
_LONG_HEADER: Final = Struct("!HH4s")  # of a length in two bytes
_LONG_SIZE: Final = _LONG_HEADER.size
_AUDIO: Final = _WHOLE_BINARY << 8 | _MASKED | _TWO_BYTES
_SHORT_TEXT: Final = (_FINAL | TEXT) << 8 | _MASKED  # plus its length
_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)})

Message = tuple[int, bytearray]
"""Kind and body of a whole data message or a control frame."""


class FrameReader:
    """Reader of one connection. ``most_bytes`` limits a message, in one frame or in fragments.

    ``failure``: close code of a violation, after which nothing is read. ``more``: the last call stopped early; a
    call without data continues.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._rest = bytearray()
        self._needed = 0  # of the rest, to complete its first frame
        self._kind = 0  # of the message in fragments
        self._fragments = bytearray()
        self.failure: CloseCode | None = None
        self.more = False

    def read_one(self, data: memoryview, size: int) -> Message | None:
        """Return the message, copied, if the first ``size`` bytes are one whole message of usual length.

        Nearly all data is of this kind: audio, or a short text. Otherwise return ``None`` and read nothing: call
        ``read``.
        """
        if size <= _LONG_SIZE or self._rest or self._kind or self.failure is not None:
            return None
        head, length, mask = _LONG_HEADER.unpack_from(data)
        if head == _AUDIO and length == size - _LONG_SIZE <= self._most:
            body = bytearray(data[_LONG_SIZE:size])
            websocket_mask(mask, body)
            return BINARY, body
        if head - _SHORT_TEXT == size - _HEADER <= min(_MOST_SHORT, self._most):
            body = bytearray(data[_HEADER:size])
            websocket_mask(bytes(data[_HEADER - 4 : _HEADER]), body)
            return TEXT, body
        return None

    def read(self, data: bytes | memoryview = b"") -> list[Message]:
        """Return the messages that ``data`` completes. They are copies."""
        messages: list[Message] = []
        if self.failure is not None:
            return messages
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return messages
            data, self._rest = memoryview(self._rest), bytearray()
        at, self._needed = self._read_audio(data, messages), 0
        while at < len(data) and len(messages) < MESSAGES_A_TURN and (start := self._payload(data, at)):
            end = at + self._needed
            if end > len(data):
                break
            body = bytearray(data[start:end])
            websocket_mask(bytes(data[start - 4 : start]), body)
            if data[at] in _WHOLE:
                messages.append((data[at] & _OPCODE, body))
            elif (message := self._message(data[at], body)) is not None:
                messages.append(message)
            at, self._needed = end, 0
        self.more = len(messages) == MESSAGES_A_TURN and at < len(data)
        if at < len(data) and self.failure is None:
            self._rest += data[at:]
        return messages

    def _read_audio(self, data: bytes | memoryview, messages: list[Message]) -> int:
        """Read whole binary messages of usual length at the start of ``data``; return where they end.

        Nearly all frames are of this kind, so they take fewer steps than others.
        """
        at, size = 0, len(data)
        while size - at > _LONG_SIZE and not self._kind and len(messages) < MESSAGES_A_TURN:
            head, length, mask = _LONG_HEADER.unpack_from(data, at)
            start = at + _LONG_SIZE
            if head != _AUDIO or length > size - start or length > self._most:
                break
            at = start + length
            body = bytearray(data[start:at])
            websocket_mask(mask, body)
            messages.append((BINARY, body))
        return at

    def _payload(self, data: bytes | memoryview, at: int) -> int:
        """Return where the next frame's payload starts, and note the frame's size; 0: incomplete or refused."""
        size = len(data) - at
        if size < 2 or self.failure is not None:
            return 0
        length, extended = data[at + 1] - _MASKED, 0
        if length > _MOST_SHORT:
            extended = 2 if length == _TWO_BYTES else 8
            if size < 2 + extended:
                return 0
            length = int.from_bytes(data[at + 2 : at + 2 + extended], "big")
        first = data[at]
        if first not in _WHOLE or self._kind or not 0 <= length <= self._most:
            self.failure = self._refusal(first, length)
            if self.failure is not None:
                return 0
        self._needed = _HEADER + extended + length
        return at + _HEADER + extended

    def _refusal(self, first: int, length: int) -> CloseCode | None:
        """Return the close code for this header, or ``None``; a ``length`` below 0 stands for a missing mask."""
        opcode = first & _OPCODE
        if opcode in (CLOSE, PING, PONG):
            good = first & _FINAL and length <= _MOST_SHORT
        else:
            good = opcode == _CONTINUATION if self._kind else opcode in (TEXT, BINARY)
        if not good or first & _RESERVED or length < 0:
            return CloseCode.PROTOCOL_ERROR
        if len(self._fragments) + length > self._most:
            return CloseCode.MESSAGE_TOO_BIG
        return None

    def _message(self, first: int, body: bytearray) -> Message | None:
        """Return the message that a control frame or a fragment completes."""
        opcode = first & _OPCODE
        if opcode == CLOSE and body and not _is_code(body):
            self.failure = CloseCode.PROTOCOL_ERROR
            return None
        if opcode >= CLOSE:
            return opcode, body
        self._kind = opcode or self._kind
        self._fragments += body
        if not first & _FINAL:
            return None
        whole = self._kind, self._fragments
        self._kind, self._fragments = 0, bytearray()
        return whole


def _is_code(body: bytearray) -> bool:
    """Return whether the body of a close frame begins with a code that may be sent (RFC 6455 section 7.4)."""
    return len(body) >= 2 and int.from_bytes(body[:2], "big") in _CODES
