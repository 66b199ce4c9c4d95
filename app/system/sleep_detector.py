"""Detect from the clocks that this computer has slept.

On Linux ``CLOCK_BOOTTIME`` continues during sleep and ``CLOCK_MONOTONIC`` does not. On other systems, either the
wall clock has moved ahead of the monotonic clock, or, if that also continues, a check comes far too late.
Setting the wall clock by hand looks the same there; handling a wake-up without a sleep is harmless.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import is_set_within

log = loggers.APP_WAKING

CHECK_S: Final = 1.0
LEAST_S: Final = 2.0
LEAST_GUESSED_S: Final = 20.0


@dataclass(frozen=True)
class ClockReadings:
    """Readings of two clocks at one moment, in seconds.

    ``awake_s``: of the clock that stops during sleep. ``guessed``: the system may have no such clock.
    """

    awake_s: float
    always_s: float
    guessed: bool = False


def times() -> ClockReadings:
    """Return the current readings of both clocks."""
    always = getattr(time, "CLOCK_BOOTTIME", None)
    if always is None:
        return ClockReadings(time.monotonic(), time.time(), guessed=True)
    return ClockReadings(time.clock_gettime(time.CLOCK_MONOTONIC), time.clock_gettime(always))


class SleepDetector:
    """Detector of sleeps between readings.

    Pure: readings are expected every ``check_s`` seconds.
    """

    def __init__(self, first: ClockReadings, check_s: float = CHECK_S) -> None:
        self._last = first
        self._check_s = check_s

    def slept(self, now: ClockReadings) -> float:
        """Return the seconds slept since the last reading, or 0."""
        last, self._last = self._last, now
        awake_s = now.awake_s - last.awake_s
        gap_s = now.always_s - last.always_s - awake_s
        if not now.guessed:
            return gap_s if gap_s >= LEAST_S else 0.0
        gap_s = max(gap_s, awake_s - self._check_s)
        return gap_s if gap_s >= LEAST_GUESSED_S else 0.0


class SleepWatcher:
    """Watcher that calls ``woke`` soon after each sleep, with its length in seconds."""

    def __init__(
        self, woke: Callable[[float], None], clock: Callable[[], ClockReadings] = times, check_s: float = CHECK_S
    ) -> None:
        self._woke = woke
        self._clock = clock
        self._check_s = check_s
        self._sleeps = SleepDetector(clock(), check_s)

    async def watch(self) -> None:
        """Check for sleeps until cancelled."""
        while True:
            await asyncio.sleep(self._check_s)
            if slept_s := self._sleeps.slept(self._clock()):
                log.info(LogEvent.COMPUTER_SLEPT, seconds=round(slept_s))
                self._woke(slept_s)


class Patience:
    """Pauses that ``end_pauses`` ends at once, so that no pause from before a sleep delays work after it."""

    def __init__(self) -> None:
        self._ended = asyncio.Event()

    async def pause(self, seconds: float) -> None:
        """Wait like ``asyncio.sleep``, or less if ``end_pauses`` is called."""
        await is_set_within(self._ended, seconds)

    def end_pauses(self) -> None:
        """End all current pauses, but not later ones."""
        before, self._ended = self._ended, asyncio.Event()
        before.set()
