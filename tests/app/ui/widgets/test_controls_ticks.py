"""Ticks of several independent options, and bars of progress."""

from itertools import combinations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.files.view import FileState
from app.ui.files.file_row import SHAPES
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import FileProgressBar, ThemedIcon
from app.ui.widgets.controls import TickButton


def drawn(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def test_progress_bar_fills_and_is_quiet_when_paused(theme: Theme, qtbot: QtBot) -> None:
    bar = FileProgressBar(theme)
    qtbot.addWidget(bar)
    bar.resize(200, bar.height())
    looks = []
    for percent, moving in ((0, True), (40, True), (80, True), (80, False)):
        bar.show_percent(percent, "talk.mp3", moving=moving)
        looks.append(drawn(bar))
    assert all(one != other for one, other in combinations(looks, 2))
    assert (bar.value(), bar.accessibleName()) == (80, "talk.mp3")
    accent = theme.colour("accent")
    across = [looks[1].pixelColor(x, 3) == accent for x in range(looks[1].width())]
    assert sum(across) == pytest.approx(0.4 * len(across), abs=4)


def test_tick_is_toggled_by_keyboard_and_visible(theme: Theme, qtbot: QtBot) -> None:
    tick = TickButton(theme)
    qtbot.addWidget(tick)
    tick.setText("Subtitles")
    tick.resize(tick.sizeHint())
    tick.show()
    off, size = drawn(tick), tick.sizeHint()
    QTest.keyClick(tick, Qt.Key.Key_Space)
    assert tick.isChecked()
    assert drawn(tick) != off
    assert tick.sizeHint() == size
    tick.setFocus()
    assert size.width() >= tick.fontMetrics().horizontalAdvance("Subtitles")


def test_ticks_and_state_icons_follow_the_text_size_at_once(theme: Theme, qtbot: QtBot) -> None:
    tick, shape = TickButton(theme), ThemedIcon(theme, SHAPES[FileState.ADDED])
    qtbot.addWidget(tick)
    qtbot.addWidget(shape)
    tick.setText("Subtitles")
    before = tick.sizeHint(), shape.size()
    theme.choose_text_size("largest")
    grown = tick.sizeHint(), shape.size()
    assert all(after.width() > 1.25 * once.width() for once, after in zip(before, grown, strict=True))
