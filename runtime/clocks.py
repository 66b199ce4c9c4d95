"""Detection of wall clock changes, which make ages unreliable.

The wall clock may be set at any time, and after a start it may be wrong until the network corrects it. Files dated
before the correction may look a month old within the hour.
"""

import time
from collections.abc import Callable
from typing import Final

from runtime import logger_names
from runtime.event_names import LogEvent
from runtime.logger import get_logger

log = get_logger(logger_names.RUNTIME_CLOCKS)

_JUMP_S: Final = 24 * 3600.0


def steady_s() -> float:
    """Return seconds of a clock that is never set and continues while the computer sleeps.

    On macOS ``CLOCK_MONOTONIC`` does (clock_gettime(3)), and what ``time.monotonic`` reads there does not.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class WallClock:
    """Wall clock ``now_s``, compared with a steady clock from its creation on. Not thread-safe."""

    def __init__(self, now_s: Callable[[], float] = time.time, steady_s: Callable[[], float] = steady_s) -> None:
        self.now_s = now_s
        self._steady_s = steady_s
        self._last = now_s(), steady_s()
        self._set_at: float | None = None

    def tells_age(self, age_s: float) -> bool:
        """Return whether the clock can tell that something is older than ``age_s``.

        After a change of more than a day, it cannot until ``age_s`` have passed. Call this regularly: only
        changes between two calls are detected.
        """
        now = self.now_s(), self._steady_s()
        set_by_s = now[0] - self._last[0] - (now[1] - self._last[1])
        self._last = now
        if abs(set_by_s) > _JUMP_S:
            log.warning(LogEvent.CLOCK_SET, by_s=round(set_by_s), expiry="paused")
            self._set_at = now[1]
        return self._set_at is None or now[1] - self._set_at > age_s
