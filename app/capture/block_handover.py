"""Hand audio from the sound system's thread to the event loop, without locks, waits or calculations.

Only one side changes each counter, so no locks are needed. A full queue keeps the older audio; newer frames are
dropped and counted until there is room.
"""

import time
from collections import deque
from collections.abc import Callable

Clock = Callable[[], float]


class BlockHandover:
    """A bounded queue of at most ``most`` frames.

    The sound system's thread calls ``put``, and the loop everything else. ``put`` calls ``wake`` when there is
    something to take.
    """

    def __init__(self, wake: Callable[[], None], most: int, clock: Clock = time.monotonic) -> None:
        self.overflows = 0  # how often the sound system dropped audio; it does not report how much
        self.dropped = 0  # frames dropped because the queue was full
        self.first_s: float | None = None  # time of the first block
        self.heard_s: float | None = None  # time of the latest block
        self._wake = wake
        self._most = most
        self._clock = clock
        self._came = 0
        self._went = 0
        self._woken = False
        self._blocks: deque[tuple[bytes, int]] = deque()

    def put(self, block: bytes, frames: int, overflowed: bool) -> None:
        """Add a block. The caller must pass a copy."""
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
        """Return all waiting audio and empty the queue."""
        self._woken = False  # before reading: later blocks must wake the loop again
        taken = []
        while self._blocks:
            block, frames = self._blocks.popleft()
            self._went += frames
            taken.append(block)
        return b"".join(taken)
