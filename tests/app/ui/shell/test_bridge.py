"""Values reach Qt's thread in order, and only the newest view is delivered."""

import threading

from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.dictation.view import View
from app.local_services.worker_view import WorkerView
from app.ui.shell.bridge import Bridge


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
    got: list[object] = []
    bridge = Bridge(got.append)
    with qtbot.waitSignal(bridge.destroyed):
        bridge.deleteLater()
    bridge.post(View())
    bridge.post("too late")
    qapp.processEvents()
    assert got == []
