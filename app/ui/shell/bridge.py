"""Delivery of values from any thread to Qt's thread, and measurement of event loop delays."""

import time
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from app.diagnostics.report.view import ExaminationView, LogLines, ReportView
from app.dictation.view import View
from app.files.view import FilesView
from app.history.view import Playing
from app.local_services.worker_view import WorkerView
from app.monitoring.view import MonitorView

_NEWEST: Final = (View, WorkerView, FilesView, MonitorView, Playing, ExaminationView, LogLines, ReportView)
_BUCKETS_PER_MS: Final = 10
_LONGEST_MS: Final = 10_000


class Bridge(QObject):
    """Queue that delivers posted values to ``receive`` in Qt's thread, in order.

    For types whose values replace each other, only the newest value is delivered.
    """

    arrived = Signal(object)

    def __init__(self, receive: Callable[[Any], None]) -> None:
        super().__init__()
        self._receive = receive
        self._newest: dict[type, object] = {}
        self.arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def post(self, value: object) -> None:
        """Post a value from any thread and return at once.

        Values are dropped after Qt has shut down.
        """
        kind = type(value)
        if kind in _NEWEST:
            self._newest[kind] = value
            value = kind
        try:
            self.arrived.emit(value)
        except RuntimeError:  # Qt has deleted this object: the program ends
            self._newest.clear()

    @Slot(object)
    def _deliver(self, value: object) -> None:
        if isinstance(value, type) and value in _NEWEST:
            value = self._newest.pop(value, None)
            if value is None:  # an earlier signal has delivered the newest value
                return
        self._receive(value)


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
