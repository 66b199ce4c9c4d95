"""View of the timeline: heights of rows, and clicks on their buttons."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.history.view import HistoryRows
from app.journal.take import TakeState
from app.ui.home.take_delegate import RowButton, TakeDelegate, day_height, row_height
from app.ui.home.timeline import TakeTimeline, row_menu
from app.ui.home.timeline_model import TimelineModel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.home.rows import listed, take

ROWS = (take(0), take(1), replace(take(2), state=TakeState.INTERRUPTED))
BUTTONS = {RowButton.PLAY: 3, RowButton.COPY: 3, RowButton.RECOVER: 4}
"""Buttons, and the rows that have them."""


@pytest.fixture
def timeline(theme: Theme, texts: Texts, qtbot: QtBot) -> TakeTimeline:
    model = TimelineModel(lambda wanted: None, lambda row: "", str)
    made = TakeTimeline(texts, model, TakeDelegate(theme, texts, model))
    qtbot.addWidget(made)
    model.show_list(listed(ROWS))
    model.show_rows(HistoryRows(1, 0, ROWS))
    made.measure()
    made.fit({0: 100})
    made.resize(600, 500)
    made.show()
    return made


def place_of(button: RowButton, timeline: TakeTimeline, row: int) -> QPoint:
    delegate, model = timeline.itemDelegate(), timeline.model()
    assert isinstance(delegate, TakeDelegate) and isinstance(model, TimelineModel)
    take = model.take(row)
    assert take is not None
    return delegate.buttons(timeline.visualRect(model.index(row, 0)), take)[button].center()


def test_days_takes_and_special_rows_have_their_heights(timeline: TakeTimeline) -> None:
    assert [timeline.rowHeight(row) for row in range(3)] == [100, day_height(), row_height()]
    timeline.fit({0: 100, 3: 300})
    assert timeline.rowHeight(3) == 300
    timeline.fit({0: 120})
    assert (timeline.rowHeight(0), timeline.rowHeight(3)) == (120, row_height())


@pytest.mark.parametrize(("button", "row"), BUTTONS.items())
def test_button_of_a_row_is_clicked_without_selecting(
    timeline: TakeTimeline, qtbot: QtBot, button: RowButton, row: int
) -> None:
    wanted = getattr(timeline, f"{button}_wanted")
    with qtbot.waitSignal(wanted) as clicked, qtbot.assertNotEmitted(timeline.clicked):
        QTest.mouseClick(timeline.viewport(), Qt.MouseButton.LeftButton, pos=place_of(button, timeline, row))
    assert clicked.args == [row] and not timeline.selectionModel().hasSelection()


def test_copy_button_is_not_clicked_when_released_elsewhere(timeline: TakeTimeline, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(timeline.copy_wanted), qtbot.assertNotEmitted(timeline.clicked):
        QTest.mousePress(timeline.viewport(), Qt.MouseButton.LeftButton, pos=place_of(RowButton.COPY, timeline, 3))
        QTest.mouseRelease(timeline.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, 30))


def test_rest_of_a_row_selects_it(timeline: TakeTimeline, qtbot: QtBot) -> None:
    place = timeline.visualRect(timeline.model().index(3, 0)).center()
    with qtbot.waitSignal(timeline.clicked), qtbot.assertNotEmitted(timeline.copy_wanted):
        QTest.mouseClick(timeline.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert timeline.selectionModel().isRowSelected(3)


def test_menu_has_texts_hotkeys_and_actions(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    done: list[str] = []
    entries = (
        ("home.open", Qt.Key.Key_Return, lambda: done.append("open")),
        ("home.save-text", None, lambda: done.append("save")),
    )
    menu = row_menu(parent, texts, entries)
    opens, saves = menu.actions()
    assert (opens.text(), saves.text()) == (texts("home.open"), texts("home.save-text"))
    assert opens.shortcut() == QKeySequence(Qt.Key.Key_Return) and saves.shortcut().isEmpty()
    opens.trigger()
    saves.trigger()
    assert done == ["open", "save"]
