"""Counter of the replies in a broker's output (RESP 2), however it is split. Pure."""

from typing import Final

_LONGEST_LINE: Final = 64 * 1024


class Replies:
    """Reply counter of one connection. It keeps only the beginning of an unfinished line."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._skip = 0  # bytes left to skip of a string, with its line feed
        self._open: list[int] = []  # elements still missing from each open array

    def feed(self, data: bytes) -> int:
        """Return how many replies end in ``data``. Raises ``ValueError`` for malformed data."""
        ended = at = 0
        while at < len(data):
            if self._skip:
                skipped = min(self._skip, len(data) - at)
                self._skip, at = self._skip - skipped, at + skipped
                ended += not self._skip and self._end()
                continue
            end = data.find(b"\n", at)
            self._line += data[at : end + 1 if end >= 0 else None]
            if end < 0:
                break
            at = end + 1
            ended += self._take(bytes(self._line))
            self._line.clear()
        if len(self._line) > _LONGEST_LINE:
            raise ValueError("not a line of the broker's protocol")
        return ended

    def _take(self, line: bytes) -> bool:
        """Return whether a reply ends with this line."""
        kind = line[:1]
        length = int(line[1:]) if kind in (b"$", b"*") else -1
        if kind == b"$" and length >= 0:
            self._skip = length + 2
            return False
        if kind == b"*" and length > 0:
            self._open.append(length)
            return False
        if kind not in (b"+", b"-", b":", b"$", b"*"):
            raise ValueError("not a reply of the broker's protocol")
        return self._end()

    def _end(self) -> bool:
        """Finish a value; return whether the whole reply is finished."""
        while self._open:
            self._open[-1] -= 1
            if self._open[-1]:
                return False
            self._open.pop()
        return True
