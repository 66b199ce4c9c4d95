"""Audio that waits for the disk, and the resulting state of the journal. Pure."""

import errno
from collections import deque
from enum import StrEnum
from typing import Final

from protocol.audio import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE

MOST_WAITING: Final = 60 * SAMPLE_RATE * BYTES_PER_SAMPLE
_STALLED: Final = 3 * SAMPLE_RATE * BYTES_PER_SAMPLE
_FOR_GOOD: Final = frozenset({errno.EROFS, errno.ENOTCONN, errno.ESTALE})
"""ENOTCONN: the program of a FUSE disk has ended. ESTALE: the server of a network disk has lost the file."""
_FRAME_BYTES: Final = FRAME_SAMPLES * BYTES_PER_SAMPLE


class DiskState(StrEnum):
    """The state of the journal's disk."""

    WRITING = "writing"
    WAITING = "waiting"  # the disk refuses data for now, or stalls; audio stays in memory
    READ_ONLY = "read-only"  # the disk refuses data for good; audio and events stay in memory
    FULL = "full"  # memory is full too


def disk_state(refused: OSError | None, waiting: int, most: int = MOST_WAITING) -> DiskState:
    """Return the state of the disk.

    ``refused``: the error of the last write; a stalled disk reports none. ``waiting``: bytes in memory, at most
    ``most``.
    """
    if waiting + _FRAME_BYTES > most:
        return DiskState.FULL
    if refused is not None and is_for_good(refused):
        return DiskState.READ_ONLY
    return DiskState.WAITING if refused or waiting > min(_STALLED, most) else DiskState.WRITING


def is_for_good(refusal: OSError) -> bool:
    """Return whether a disk with this error accepts nothing until it is repaired or mounted again."""
    return refusal.errno in _FOR_GOOD


class WriteBacklog:
    """A queue of bytes that follow the first ``start`` bytes of a file. Callers keep it bounded."""

    def __init__(self, start: int) -> None:
        self.start = start
        self._chunks: deque[bytes] = deque()

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def add(self, chunk: bytes) -> None:
        """Append a chunk of bytes."""
        if chunk:
            self._chunks.append(chunk)

    def first(self) -> bytes:
        """Return the next chunk to write; the backlog must not be empty."""
        return self._chunks[0]

    def remove_written(self, size: int) -> None:
        """Remove the first ``size`` bytes of the first chunk: they are in the file now."""
        chunk = self._chunks.popleft()
        if size < len(chunk):
            self._chunks.appendleft(chunk[size:])
        self.start += size

    def read(self, start: int, stop: int) -> bytes:
        """Return the buffered bytes between the file offsets ``start`` and ``stop``."""
        pieces: list[bytes] = []
        at = self.start
        for chunk in self._chunks:
            pieces.append(chunk[max(0, start - at) : max(0, stop - at)])
            at += len(chunk)
        return b"".join(pieces)
