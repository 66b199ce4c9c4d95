"""Values reach Qt's thread in order, only the newest view is delivered, and event loop delays are measured."""

import threading

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.dictation.view import View
from app.local_services.worker_view import WorkerView
from app.ui.shell.bridge import Bridge, EventLoopWatch


def test_bridge_delivers_values_of_another_thread_in_qt_thread(qtbot: QtBot, qapp: QApplication) -> None:
    got: list[tuple[object, bool]] = []
    bridge = Bridge(lambda value: got.append((value, QThread.currentThread() == qapp.thread())))

    def post() -> None:
        for number in range(100):
            bridge.post(number)

    thread = threading.Thread(target=post)
    thread.start()
    thread.join()
    assert got == []  # no delivery happens in the posting thread
    qtbot.waitUntil(lambda: len(got) == 100)
    assert got == [(number, True) for number in range(100)]


def test_bridge_delivers_only_newest_view(qtbot: QtBot) -> None:
    got: list[object] = []
    bridge = Bridge(got.append)
    for number in range(1000):
        bridge.post(View(seconds=number))
    bridge.post(WorkerView(device="last"))
    bridge.post("after")
    qtbot.waitUntil(lambda: "after" in got)
    assert got == [View(seconds=999), WorkerView(device="last"), "after"]
    bridge.post(View(seconds=5))
    qtbot.waitUntil(lambda: got[-1] == View(seconds=5))


def test_bridge_drops_values_after_its_deletion(qtbot: QtBot, qapp: QApplication) -> None:
    bridge = Bridge(lambda value: None)
    with qtbot.waitSignal(bridge.destroyed):
        bridge.deleteLater()
    bridge.post(View())
    bridge.post("too late")


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
