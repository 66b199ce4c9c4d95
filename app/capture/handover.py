"""From the sound system's thread to the event loop, without a lock, a wait or a calculation.

Each counter is changed by one side only, so that none needs a lock. What is full takes nothing: what was heard
first is kept, and what comes then is counted until there is room.
"""

import time
from collections import deque
from collections.abc import Callable

Clock = Callable[[], float]


class HandOver:
    """``put`` belongs to the sound system's thread, everything else to the loop. ``most`` frames may wait.

    ``wake`` is called from ``put`` when there is something to take.
    """

    def __init__(self, wake: Callable[[], None], most: int, clock: Clock = time.monotonic) -> None:
        self.overflows = 0  # times that the sound system itself had to drop something, it does not say how much
        self.dropped = 0  # frames that found no room here
        self.first_s: float | None = None  # when the first block came
        self.heard_s: float | None = None  # and the last
        self._wake = wake
        self._most = most
        self._clock = clock
        self._came = 0
        self._went = 0
        self._woken = False
        self._blocks: deque[tuple[bytes, int]] = deque()

    def put(self, block: bytes, frames: int, overflowed: bool) -> None:
        """Take a copy that is ours."""
        self.heard_s = self._clock()
        if self.first_s is None:
            self.first_s = self.heard_s
        if overflowed:
            self.overflows += 1
        if self._came - self._went + frames > self._most:
            self.dropped += frames
        else:
            self._came += frames
            self._blocks.append((block, frames))
        if not self._woken:
            self._woken = True
            self._wake()

    def take(self) -> bytes:
        """Everything that waits."""
        self._woken = False  # first: what comes from now on wakes us again
        taken = []
        while self._blocks:
            block, frames = self._blocks.popleft()
            self._went += frames
            taken.append(block)
        return b"".join(taken)
