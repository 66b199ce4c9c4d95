"""Delays of the event loop are measured by how late a timer fires."""

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from benchmarks.event_loop_watch import EventLoopWatch


class Clock:
    """Clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_watch_measures_timer_delays(qapp: QApplication, clock: Clock) -> None:
    watch = EventLoopWatch(4, clock)
    for _ in range(999):
        clock.now += 0.005
        watch.tick()
    clock.now += 0.054
    watch.tick()
    assert watch.turns == 1000
    assert watch.percentile_ms(99) == pytest.approx(1.1, abs=0.11)
    assert watch.worst_ms == pytest.approx(50, abs=0.2)
    assert watch.percentile_ms(99.9) < 2


def test_watch_counts_early_ticks_and_hour_long_delays(qapp: QApplication, clock: Clock) -> None:
    watch = EventLoopWatch(4, clock)
    watch.tick()
    clock.now += 3600
    watch.tick()
    assert watch.turns == 2
    assert watch.worst_ms >= 10_000


def test_watch_measures_event_loop_until_stopped(qtbot: QtBot) -> None:
    watch = EventLoopWatch()
    assert watch.percentile_ms(99.9) == 0.0
    watch.start()
    qtbot.waitUntil(lambda: watch.turns > 5)
    watch.stop()
    assert watch.worst_ms > 0
