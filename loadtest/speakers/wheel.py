"""Timer wheel that wakes many speakers: one tick every few milliseconds, not a timer per frame and speaker.

So the load maker wakes two hundred times a second, even if thousands of frames are due. Each frame is up to one
tick late. Greater delays are reported with the figures.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

TICK_S: Final = 0.005


class TimerWheel:
    """Timer wheel: ``run`` turns it, ``until`` waits on it. Times are those of ``clock``."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, tick_s: float = TICK_S) -> None:
        self._clock = clock
        self._tick_s = tick_s
        self._slots: dict[int, list[asyncio.Future[None]]] = {}
        self._turned = self._slot(clock())
        self.late_s = 0.0

    async def until(self, due: float) -> None:
        """Return at the first tick after ``due``."""
        slot = self._slot(due) + 1
        if slot <= self._turned:
            return
        woken = asyncio.get_running_loop().create_future()
        self._slots.setdefault(slot, []).append(woken)
        await woken

    async def run(self) -> None:
        """Turn the wheel until cancelled."""
        while True:
            next_at = (self._turned + 1) * self._tick_s
            await asyncio.sleep(max(0.0, next_at - self._clock()))
            self.turn(self._clock())

    def turn(self, now: float) -> None:
        """Wake every waiter that is due at ``now``."""
        slot = self._slot(now)
        if slot > self._turned:
            self.late_s = max(self.late_s, now - (self._turned + 1) * self._tick_s)
        for passed in range(self._turned + 1, slot + 1):
            for woken in self._slots.pop(passed, ()):
                if not woken.done():
                    woken.set_result(None)
        self._turned = slot

    def lateness(self) -> float:
        """Return by how many seconds the most delayed tick since the last call was late."""
        late_s, self.late_s = self.late_s, 0.0
        return late_s

    def _slot(self, at: float) -> int:
        return int(at / self._tick_s)
