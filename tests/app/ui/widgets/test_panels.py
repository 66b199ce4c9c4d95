"""Cards with keyboard focus, in as many columns as fit."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.ui.theme.theme import CONTENT_WIDTH, SPACING, Theme
from app.ui.widgets.panels import Columns, Panel, centred
from app.ui.widgets.parts import label
from tests.app.ui.showing import displayed


def columns(theme: Theme, qtbot: QtBot, number: int, most: int = 4) -> tuple[Columns, list[Panel]]:
    made, panels = Columns(lambda: 100, most), [Panel(theme) for _ in range(number)]
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show_widgets(panels)
    made.show()
    return made, panels


def test_tab_reaches_each_card_and_shows_focus_ring(theme: Theme, qtbot: QtBot) -> None:
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


def test_number_of_columns_follows_width(theme: Theme, qtbot: QtBot) -> None:
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
    assert len({panel.width() for panel in panels[:4]}) <= 2  # widths differ by at most a pixel


def test_removed_widgets_are_hidden(theme: Theme, qtbot: QtBot) -> None:
    made, panels = columns(theme, qtbot, 3)
    assert all(panel.isVisible() for panel in panels)
    made.show_widgets(panels[:1])
    assert [panel.isVisible() for panel in panels] == [True, False, False]
    made.show_widgets(panels)
    assert all(panel.isVisible() for panel in panels)
    assert made.minimumSizeHint().width() == 100


def test_new_sentence_gets_its_height_after_a_change_of_columns(theme: Theme, qtbot: QtBot) -> None:
    made, panels = columns(theme, qtbot, 2, most=2)
    says = label("short")
    says.setWordWrap(True)
    panels[0].column.addWidget(says)
    made.resize(200, 100)
    qtbot.waitUntil(lambda: made.across == 1)
    made.resize(500, 100)
    qtbot.waitUntil(lambda: made.across == 2)
    qtbot.waitUntil(lambda: made.heightForWidth(500) > 0)
    before = made.heightForWidth(500)
    says.setText("a long sentence " * 20)
    qtbot.waitUntil(lambda: made.heightForWidth(500) > 2 * before)
    says.setText("short")
    qtbot.waitUntil(lambda: made.heightForWidth(500) == before)


def test_content_is_centred_and_limited_in_width(theme: Theme, qtbot: QtBot) -> None:
    inside = QWidget()
    around = displayed(qtbot, centred(inside), 1_600, 300)
    qtbot.waitUntil(lambda: inside.width() == CONTENT_WIDTH)
    assert abs(inside.geometry().center().x() - 800) <= 1
    around.resize(500, 300)
    qtbot.waitUntil(lambda: inside.width() == 500 - 2 * SPACING.wide)
