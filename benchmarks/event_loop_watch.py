"""Delays of the event loop in Qt's thread, and stacks of all threads during long ones."""

import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer

_BUCKETS_PER_MS: Final = 10
_LONGEST_MS: Final = 10_000
_CHECK_S = 0.004
_LONG_S = 0.016
_MOST_FRAMES = 12


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


class LongTurnSampler:
    """Sampler of the stacks of all threads while Qt's thread is in a long turn.

    Create it in Qt's thread; it samples in a thread of its own until ``write``.
    """

    def __init__(self, watch: EventLoopWatch) -> None:
        self._watch, self._qt = watch, threading.get_ident()
        self._samples: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="long turns", daemon=True)
        self._thread.start()

    def write(self, place: Path) -> None:
        """Append the samples to this file, and stop sampling."""
        self._over.set()
        self._thread.join()
        with place.open("a") as lines:
            lines.writelines(self._samples)

    def _sample(self) -> None:
        turns, since_s = -1, 0.0
        while not self._over.wait(_CHECK_S):
            now_s = time.perf_counter()
            if (now := self._watch.turns) != turns:
                turns, since_s = now, now_s
            elif now_s - since_s > _LONG_S:
                self._samples.append(self._stacks(1000 * (now_s - since_s)))

    def _stacks(self, late_ms: float) -> str:
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        frames = sys._current_frames()
        others = [number for number in frames if number not in (self._qt, threading.get_ident())]
        stacks = [f"    {names.get(number, number)}: {_stack(frames[number])}\n" for number in (self._qt, *others)]
        return f"{late_ms:.1f} ms\n" + "".join(stacks)


def _stack(frame: FrameType) -> str:
    called = reversed(traceback.extract_stack(frame)[-_MOST_FRAMES:])
    return " < ".join(f"{call.name} {Path(call.filename).name}:{call.lineno}" for call in called)
