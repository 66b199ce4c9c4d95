"""Parser for server-sent events that arrive in chunks of any size. Pure.

Follows the HTML Living Standard, 9.2.6, limited to the fields ``event`` and ``data``; lines end with LF or CR LF.
"""

from typing import Final, NamedTuple

from protocol.errors import MalformedMessage

MOST_BYTES: Final = 1 << 20


class ServerSentEvent(NamedTuple):
    """Parsed event: its name and its data lines, joined by LF."""

    name: str
    data: bytes


class EventStream:
    """Parser for one connection's events; rejects an event of more than ``most`` bytes."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._rest = b""
        self._name = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """Return the events that these bytes complete. Raises ``MalformedMessage``."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        found = [event for line in lines if (event := self._line(line.removesuffix(b"\r"))) is not None]
        if self._size + len(self._rest) > self._most:
            raise MalformedMessage(f"an event has more than {self._most} bytes")
        return found

    def _line(self, line: bytes) -> ServerSentEvent | None:
        if not line:
            return self._end()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value
        elif field == b"data":
            self._data.append(value)
            self._size += len(line) + 1
        return None

    def _end(self) -> ServerSentEvent | None:
        name, data = self._name, self._data
        self._name, self._data, self._size = b"", [], 0
        return ServerSentEvent(name.decode(errors="replace") or "message", b"\n".join(data)) if data else None
