"""Window of the monitor."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.ui.shell.monitor_window import MonitorWindow
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


@pytest.mark.parametrize(
    ("key", "held"),
    [
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier),
    ],
)
def test_window_reports_when_it_is_visible(
    theme: Theme, qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier
) -> None:
    looked: list[bool] = []
    window = MonitorWindow(Texts("en"), QLabel("page"))
    qtbot.addWidget(window)
    window.looked.connect(looked.append)
    window.appear()
    assert looked == [True] and window.windowTitle() == "Monitor · kikipounamu"
    window.appear()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, key, held)
    assert looked == [True, False] and not window.isVisible()
