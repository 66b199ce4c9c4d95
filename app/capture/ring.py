"""The last moment of what was heard before a recording starts. Pure."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]


class Ring:
    """Keeps the newest ``size`` samples."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = 0
        self._blocks: deque[Samples] = deque()

    def add(self, block: Samples) -> None:
        """Newer samples; the oldest make room."""
        newest = block[max(0, len(block) - self._size) :]
        if not len(newest):
            return
        self._blocks.append(newest)
        self._held += len(newest)
        while self._held - len(self._blocks[0]) >= self._size:
            self._held -= len(self._blocks.popleft())

    def drain(self) -> Samples:
        """Take them out: nobody gets a sample twice."""
        held = np.concatenate([np.empty(0, np.int16), *self._blocks])
        self._blocks.clear()
        self._held = 0
        return held[max(0, len(held) - self._size) :]
