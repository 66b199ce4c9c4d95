"""Deliver audio to the recording: into a ring buffer before the start, into a queue after it.

The queue holds a minute. If the consumer falls further behind, the newest samples are dropped and counted.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE

Samples = NDArray[np.int16]

_FEWEST: Final = SAMPLE_RATE // 100
_PIECE: Final = SAMPLE_RATE * 50 // 1000


class BlockDelivery:
    """16 kHz samples for consecutive recordings. Belongs to the event loop."""

    def __init__(self, pre_roll: int, most_waiting: int) -> None:
        self.lost = 0  # samples dropped because the queue was full
        self._ring = _Ring(pre_roll)
        self._most = most_waiting
        self._recording: _Recording | None = None

    @property
    def handed_over(self) -> int:
        """Samples of the current recording so far."""
        return self._recording.samples if self._recording else 0

    def start(self) -> None:
        """Begin a recording with the contents of the ring buffer."""
        self.finish()
        self._recording = _Recording(self._most)
        self.hear(self._ring.drain())

    def hear(self, samples: Samples) -> None:
        """Add samples to the recording, or to the ring buffer between recordings."""
        if self._recording is None or self._recording.ended:
            self._ring.add(samples)
            return
        for at in range(0, len(samples), _PIECE):
            piece = samples[at : at + _PIECE]
            if not self._recording.put(piece):
                self.lost += len(piece)

    def finish(self) -> None:
        """End the recording: no more samples follow. Safe to call twice."""
        if self._recording:
            self._recording.end()

    def fail(self, error: BaseException) -> None:
        """End the recording with an error, which its reader gets after all samples heard so far."""
        if self._recording:
            self._recording.error = error
            self._recording.end()

    def blocks(self) -> AsyncIterator[Samples]:
        """Yield the blocks of the recording started last. Raises ``RuntimeError`` without one."""
        if self._recording is None:
            raise RuntimeError("nothing is recorded before start()")
        return self._recording.blocks()


class _Recording:
    def __init__(self, most: int) -> None:
        self.samples = 0
        self.ended = False
        self.error: BaseException | None = None
        self._most = most
        self._waiting = 0
        self._queue: deque[Samples] = deque()
        self._changed = asyncio.Event()

    def put(self, samples: Samples) -> bool:
        """Add samples and return True, or return False if there is no room."""
        if self._waiting + len(samples) > self._most:
            return False
        self.samples += len(samples)
        self._waiting += len(samples)
        self._queue.append(samples)
        self._changed.set()
        return True

    def end(self) -> None:
        self.ended = True
        self._changed.set()

    async def blocks(self) -> AsyncIterator[Samples]:
        """Yield blocks of 10 to 60 ms; the last may be shorter."""
        while self._waiting or not self.ended:
            if self._waiting < _FEWEST and not self.ended:
                self._changed.clear()
                await self._changed.wait()
            else:
                block = self._queue.popleft()
                while len(block) < _FEWEST and self._queue:
                    block = np.concatenate([block, self._queue.popleft()])
                self._waiting -= len(block)
                yield block
        if self.error is not None:
            raise self.error


class _Ring:
    """A ring buffer of the newest ``size`` samples."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = 0
        self._blocks: deque[Samples] = deque()

    def add(self, block: Samples) -> None:
        """Add newer samples; drop the oldest to make room."""
        newest = block[max(0, len(block) - self._size) :]
        if not len(newest):
            return
        self._blocks.append(newest)
        self._held += len(newest)
        while self._held - len(self._blocks[0]) >= self._size:
            self._held -= len(self._blocks.popleft())

    def drain(self) -> Samples:
        """Return the samples and remove them, so that each is used once."""
        held = np.concatenate([np.empty(0, np.int16), *self._blocks])
        self._blocks.clear()
        self._held = 0
        return held[max(0, len(held) - self._size) :]
