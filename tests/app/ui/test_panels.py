"""Cards that the keyboard reaches, side by side where there is room."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.ui.panels import Columns, Panel
from app.ui.theme import Theme


def columns(theme: Theme, qtbot: QtBot, number: int, most: int = 4) -> tuple[Columns, list[Panel]]:
    made, panels = Columns(100, most), [Panel(theme) for _ in range(number)]
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show_widgets(panels)
    made.show()
    return made, panels


def test_tab_comes_to_each_card_and_it_is_seen(theme: Theme, qtbot: QtBot) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    row = QHBoxLayout(around)
    first, second = Panel(theme), Panel(theme)
    for panel in (first, second):
        panel.setMinimumSize(80, 40)
        row.addWidget(panel)
    around.show()
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    without = second.grab().toImage()
    QTest.keyClick(first, Qt.Key.Key_Tab)
    qtbot.waitUntil(second.hasFocus)
    assert second.grab().toImage() != without


def test_as_many_are_side_by_side_as_there_is_room_for(theme: Theme, qtbot: QtBot) -> None:
    made, panels = columns(theme, qtbot, 5)
    qtbot.waitUntil(lambda: made.across == 4)
    assert panels[0].y() == panels[3].y() < panels[4].y()
    made.resize(230, 600)
    qtbot.waitUntil(lambda: made.across == 2)
    qtbot.waitUntil(lambda: panels[0].y() == panels[1].y() < panels[2].y())
    made.resize(90, 900)
    qtbot.waitUntil(lambda: made.across == 1)
    made.resize(5_000, 300)
    qtbot.waitUntil(lambda: made.across == 4)
    assert len({panel.width() for panel in panels[:4]}) <= 2  # a pixel of difference at most


def test_those_that_are_not_shown_any_more_are_hidden(theme: Theme, qtbot: QtBot) -> None:
    made, panels = columns(theme, qtbot, 3)
    assert all(panel.isVisible() for panel in panels)
    made.show_widgets(panels[:1])
    assert [panel.isVisible() for panel in panels] == [True, False, False]
    made.show_widgets(panels)
    assert all(panel.isVisible() for panel in panels)
    assert made.minimumSizeHint().width() == 100
