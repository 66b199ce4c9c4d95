"""Audio that is not in its file yet, and what that means. Pure."""

from collections import deque
from enum import StrEnum
from typing import Final

from protocol.audio import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE

MOST_WAITING: Final = 60 * SAMPLE_RATE * BYTES_PER_SAMPLE
_FRAME_BYTES: Final = FRAME_SAMPLES * BYTES_PER_SAMPLE


class Keeping(StrEnum):
    """How the journal stands with its disk."""

    WRITING = "writing"
    WAITING = "waiting"  # the disk takes nothing; what is heard stays in memory
    FULL = "full"  # and memory takes no more either


def keeping(refused: bool, waiting: int, most: int = MOST_WAITING) -> Keeping:
    """``refused``: the disk's last answer. ``waiting``: bytes in memory, of at most ``most``."""
    if not refused:
        return Keeping.WRITING
    return Keeping.FULL if waiting + _FRAME_BYTES > most else Keeping.WAITING


class Backlog:
    """Bytes that come behind the first ``start`` of a file. Whoever adds keeps them few."""

    def __init__(self, start: int) -> None:
        self.start = start
        self._chunks: deque[bytes] = deque()

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def add(self, chunk: bytes) -> None:
        """More of them."""
        if chunk:
            self._chunks.append(chunk)

    def first(self) -> bytes:
        """What to write next; there is something."""
        return self._chunks[0]

    def written(self, size: int) -> None:
        """So many bytes of ``first`` are in the file now."""
        chunk = self._chunks.popleft()
        if size < len(chunk):
            self._chunks.appendleft(chunk[size:])
        self.start += size

    def read(self, start: int, stop: int) -> bytes:
        """What is here of the bytes from ``start`` to ``stop``."""
        pieces: list[bytes] = []
        at = self.start
        for chunk in self._chunks:
            pieces.append(chunk[max(0, start - at) : max(0, stop - at)])
            at += len(chunk)
        return b"".join(pieces)
