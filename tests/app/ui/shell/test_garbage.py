"""Qt's objects that became garbage are destroyed in Qt's thread, whichever thread makes new objects."""

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.ui.shell.garbage import GarbageCollection


@pytest.fixture
def enabled() -> Iterator[None]:
    """Let Python collect garbage by itself, as in a program that has just begun."""
    before = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if before else gc.disable)()


@pytest.mark.usefixtures("enabled")
def test_garbage_is_destroyed_in_the_thread_of_qt(qapp: QApplication, qtbot: QtBot) -> None:
    destroyed_in: set[int] = set()

    class Knot(QObject):
        """Object that only a garbage collection destroys."""

        def __init__(self) -> None:
            super().__init__()
            self.itself = self

        def __del__(self) -> None:
            destroyed_in.add(threading.get_ident())

    collection = GarbageCollection(qapp, interval_ms=1)
    Knot()

    def make_objects() -> None:
        kept: list[list[int]] = [[] for _ in range(200_000)]
        assert kept

    thread = threading.Thread(target=make_objects)
    thread.start()
    thread.join()
    assert not destroyed_in
    kept: list[list[int]] = [[] for _ in range(50_000)]
    qtbot.waitUntil(lambda: bool(destroyed_in), timeout=30_000)
    assert destroyed_in == {threading.get_ident()} and kept
    collection.deleteLater()
