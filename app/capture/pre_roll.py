"""The last moments of audio before a recording starts. Pure."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]


class Ring:
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
