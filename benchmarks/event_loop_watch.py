"""Measurement of event loop delays in Qt's thread."""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer

_BUCKETS_PER_MS: Final = 10
_LONGEST_MS: Final = 10_000


class EventLoopWatch(QObject):
    """Histogram of event loop delays, measured by how late a short timer fires.

    An event loop turn that is longer than the interval delays the timer. Memory use is constant, so the watch
    may run for hours. ``turns``: number of measurements.
    """

    def __init__(self, interval_ms: int = 4, clock: Callable[[], float] = time.perf_counter) -> None:
        super().__init__()
        self._clock, self._interval_s = clock, interval_ms / 1000
        self.turns = 0
        self._counts = [0] * (_LONGEST_MS * _BUCKETS_PER_MS + 1)
        self._last = clock()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(interval_ms)
        self._timer.timeout.connect(self.tick)

    def start(self) -> None:
        """Start measuring from now on."""
        self._last = self._clock()
        self._timer.start()

    def stop(self) -> None:
        """Stop measuring and keep the results."""
        self._timer.stop()

    def tick(self) -> None:
        """Record how late the timer fired."""
        now = self._clock()
        late_ms = max(0.0, now - self._last - self._interval_s) * 1000
        self._last = now
        self.turns += 1
        self._counts[min(len(self._counts) - 1, int(late_ms * _BUCKETS_PER_MS))] += 1

    def percentile_ms(self, percent: float) -> float:
        """Return the delay that ``percent`` of the turns do not exceed, in milliseconds.

        Rounded up to 0.1 ms; 0 without turns.
        """
        wanted = self.turns * percent / 100
        seen = 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return (bucket + 1) / _BUCKETS_PER_MS
        return 0.0

    @property
    def worst_ms(self) -> float:
        """Longest delay in milliseconds, rounded up to 0.1 ms."""
        return self.percentile_ms(100)
