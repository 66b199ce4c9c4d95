"""Home page with many selected takes: a change of the history costs what has changed."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QItemSelection, QPoint
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.dictation.actions import RecoverTake
from app.history.index import IndexRow
from app.history.view import HistoryRows, RowsWanted
from app.journal.take import TakeState
from app.messages.kinds import Action
from app.ui.home.page import SELECT, HomePage
from app.ui.home.selection_bar import MOST_CHOSEN
from app.ui.home.timeline_model import PAGE
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.home.rows import ROWS, fill, listed, take
from tests.app.ui.showing import displayed


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> HomePage:
    return displayed(qtbot, HomePage(theme, texts, asked.append), 900, 700)


def serve(page: HomePage, asked: list[Action], rows: tuple[IndexRow, ...]) -> int:
    """Answer all requests for rows, and return how many there were."""
    count = 0
    while wanted := [action for action in asked if isinstance(action, RowsWanted)]:
        asked.clear()
        for one in wanted:
            page.show_rows(HistoryRows(one.serial, one.start, rows[one.start : one.start + one.count]))
        count += len(wanted)
    return count


@pytest.mark.parametrize("step", [1, 2])
def test_change_of_history_requests_each_page_of_selected_takes_once(
    page: HomePage, asked: list[Action], step: int
) -> None:
    rows = tuple(take(number) for number in range(2 * MOST_CHOSEN))
    page.show_list(listed(rows))
    serve(page, asked, rows)
    chosen = QItemSelection()
    for place in range(0, step * MOST_CHOSEN, step):
        index = page.model.index(page.model.row_of(place))
        chosen.select(index, index)
    page.list.selectionModel().select(chosen, SELECT)
    serve(page, asked, rows)
    assert len(page.bar.rows) == MOST_CHOSEN
    changed = (*rows[:500], replace(rows[500], text="mended"), *rows[501:])
    page.show_list(listed(changed, version=1))
    assert serve(page, asked, changed) == step * MOST_CHOSEN // PAGE, "each page is requested once"
    assert [row.text for row in page.bar.rows].count("mended") == 1 and len(page.bar.rows) == MOST_CHOSEN
    page.show_list(listed(changed, version=2))
    shown = page.bar.rows
    assert serve(page, asked, changed) and page.bar.rows is shown, "nothing of it has changed"


def test_context_menu_recovers_only_failed_takes(page: HomePage, texts: Texts, asked: list[Action]) -> None:
    failed = replace(ROWS[2], state=TakeState.FAILED, text="")
    fill(page, (*ROWS[:2], failed))
    page.list.selectAll()
    page._menu(QPoint(20, 20))
    menu = QApplication.activePopupWidget()
    assert menu is not None
    next(entry for entry in menu.actions() if entry.text() == texts("action.recover")).trigger()
    menu.close()
    assert [action for action in asked if isinstance(action, RecoverTake)] == [RecoverTake(str(failed.session))]


def test_context_menu_of_a_take_without_text_offers_neither_copy_nor_export(page: HomePage, texts: Texts) -> None:
    fill(page, (replace(ROWS[0], state=TakeState.FAILED, text=""), *ROWS[1:]))
    page.list.selectRow(page.model.row_of(0))
    page._menu(QPoint(20, 20))
    menu = QApplication.activePopupWidget()
    assert menu is not None
    keys = ("home.open", "action.recover", "history.delete", "history.select-all")
    assert [entry.text() for entry in menu.actions()] == [texts(key) for key in keys]
    menu.close()
