"""This computer has slept: noticed by what the clocks say.

On Linux ``CLOCK_BOOTTIME`` goes on while it sleeps and ``CLOCK_MONOTONIC`` does not. Elsewhere either the wall
clock has run away from the monotonic one, or, where that one goes on as well, a look comes far too late. A wall
clock that is set by hand looks the same there: what waking does harms nobody who did not sleep.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from runtime import logger_names
from runtime.event_names import LogEvent

log = structlog.get_logger(logger_names.APP_WAKING)

LOOK_S: Final = 1.0
LEAST_S: Final = 2.0
LEAST_GUESSED_S: Final = 20.0


@dataclass(frozen=True)
class Times:
    """Seconds of two clocks at one moment. ``awake_s``: of one that stands still while the computer sleeps.

    ``guessed``: there is no such clock here for certain.
    """

    awake_s: float
    always_s: float
    guessed: bool = False


def times() -> Times:
    """Now."""
    always = getattr(time, "CLOCK_BOOTTIME", None)
    if always is None:
        return Times(time.monotonic(), time.time(), guessed=True)
    return Times(time.clock_gettime(time.CLOCK_MONOTONIC), time.clock_gettime(always))


class Sleeps:
    """Finds them. Pure: each look has its times, and comes ``look_s`` after the one before, if nobody slept."""

    def __init__(self, first: Times, look_s: float = LOOK_S) -> None:
        self._last = first
        self._look_s = look_s

    def slept(self, now: Times) -> float:
        """Seconds since the last look; 0: it did not sleep."""
        last, self._last = self._last, now
        awake_s = now.awake_s - last.awake_s
        gap_s = now.always_s - last.always_s - awake_s
        if not now.guessed:
            return gap_s if gap_s >= LEAST_S else 0.0
        gap_s = max(gap_s, awake_s - self._look_s)
        return gap_s if gap_s >= LEAST_GUESSED_S else 0.0


class Waking:
    """``woke`` is told of each sleep, with its seconds, soon after it."""

    def __init__(
        self, woke: Callable[[float], None], clock: Callable[[], Times] = times, look_s: float = LOOK_S
    ) -> None:
        self._woke = woke
        self._clock = clock
        self._look_s = look_s
        self._sleeps = Sleeps(clock(), look_s)

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._look_s)
            if slept_s := self._sleeps.slept(self._clock()):
                log.info(LogEvent.COMPUTER_SLEPT, seconds=round(slept_s))
                self._woke(slept_s)


class Patience:
    """Pauses that ``hurry`` ends at once: after a sleep nobody waits out what was begun before it."""

    def __init__(self) -> None:
        self._hurry = asyncio.Event()

    async def pause(self, seconds: float) -> None:
        """As ``asyncio.sleep``, at most."""
        hurry = self._hurry
        try:
            await asyncio.wait_for(hurry.wait(), seconds)
        except TimeoutError:
            return

    def hurry(self) -> None:
        """Whoever pauses goes on; a pause that begins later is as long as it is."""
        before, self._hurry = self._hurry, asyncio.Event()
        before.set()
