"""History page: search, read, edit, export, delete; usable by keyboard, with accessible names, never cut off."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.formats import Format
from app.core.notes import Note
from app.dictation.actions import RecoverTake
from app.history.actions import (
    MOST_WAITING,
    DeleteTakes,
    EditTake,
    ExportTakes,
    LookAtTake,
    RowsWanted,
    SearchHistory,
)
from app.history.index import IndexRow
from app.history.view import HistoryList, HistoryMessage, HistoryNote, HistoryRows
from app.journal.take import TakeState
from app.ui.history.page import MOST_CHOSEN, HistoryPage
from app.ui.history.take_panel import Asked
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme
from tests.app.ui.files.test_page import Chosen

ROWS = tuple(
    IndexRow(
        UUID(int=number + 1), 1_700_000_000.0 - number, 5.0, 1, TakeState.DONE, f"take {number}", key=100 - number
    )
    for number in range(4)
)
CUT_OFF = replace(ROWS[3], state=TakeState.INTERRUPTED, text="")


@pytest.fixture
def asked() -> list[Asked]:
    return []


@pytest.fixture
def dialogs() -> Chosen:
    return Chosen()


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Asked], dialogs: Chosen, qtbot: QtBot) -> HistoryPage:
    made = HistoryPage(theme, texts, asked.append, dialogs)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    return made


def fill(page: HistoryPage, rows: tuple[IndexRow, ...] = ROWS, version: int = 0, serial: int = 1) -> None:
    page.show_list(HistoryList(serial, page.search.text(), len(rows), version=version))
    page.model.row(0)
    page.show_rows(HistoryRows(serial, 0, rows))


def choose(page: HistoryPage, *places: int) -> None:
    page.list.clearSelection()
    for place in places:
        page.list.selectionModel().select(page.model.index(place), QItemSelectionModel.SelectionFlag.Select)


def done(asked: list[Asked]) -> list[Asked]:
    return [action for action in asked if not isinstance(action, SearchHistory | RowsWanted | LookAtTake)]


def texts_chosen(page: HistoryPage) -> list[str]:
    return [row.text for row in page.panel.rows]


def test_history_is_not_searched_before_page_is_shown(theme: Theme, asked: list[Asked], qtbot: QtBot) -> None:
    made = HistoryPage(theme, Texts("en"), asked.append)
    qtbot.addWidget(made)
    assert asked == []
    made.show()
    assert asked == [SearchHistory("", 1)]


def test_each_key_searches_and_only_newest_result_is_shown(page: HistoryPage, asked: list[Asked]) -> None:
    QTest.keyClicks(page.search, "ab")
    assert asked == [SearchHistory("", 1), SearchHistory("a", 2), SearchHistory("ab", 3)]
    page.show_list(HistoryList(2, "a", 9))
    assert page.model.rowCount() == 0
    page.show_list(HistoryList(3, "ab", 4))
    assert page.model.rowCount() == 4 and page.clear.isVisible()
    page.clear.trigger()
    assert asked[-1] == SearchHistory("", 4) and not page.clear.isVisible()


def test_history_page_tells_loading_empty_and_problems(page: HistoryPage, texts: Texts) -> None:
    assert page.nothing.text() == texts("history.loading")
    page.show_list(HistoryList(1, "", 0, None, 1, 4))
    assert page.reading.text() == texts("history.reading", percent=25) and not page.nothing.isVisible()
    page.show_list(HistoryList(1))
    assert page.nothing.text() == texts("history.empty") and not page.reading.isVisible()
    page.show_list(HistoryList(1, "", 0, Note("history-index")))
    assert texts("note.history-index") in page.problem.text() and page.problem.isVisible()
    page.search.setText("xyz")
    page.show_list(HistoryList(2, "xyz"))
    assert "xyz" in page.nothing.text() and page.nothing.isVisible() and not page.list.isVisible()


def test_selected_take_is_read_copied_and_edited(page: HistoryPage, asked: list[Asked]) -> None:
    fill(page)
    choose(page, 1)
    panel = page.panel
    assert panel.text.toPlainText() == "take 1" and not panel.save.isVisible()
    panel.text.selectAll()
    QTest.keyClicks(panel.text, "mine")
    panel.copy.click()
    assert QGuiApplication.clipboard().text() == "mine"
    panel.save.click()
    assert done(asked) == [EditTake(ROWS[1].session, "mine")]
    fill(page, (ROWS[0], replace(ROWS[1], text="mine", edited=True), *ROWS[2:]), version=1)
    assert texts_chosen(page) == ["mine"] and not panel.save.isVisible()
    panel.undo.click()
    assert done(asked)[-1] == EditTake(ROWS[1].session, "")


def test_typed_text_survives_updates_and_selection_changes(page: HistoryPage, asked: list[Asked]) -> None:
    fill(page)
    choose(page, 0)
    QTest.keyClicks(page.panel.text, "x")
    fill(page, (replace(ROWS[0], seconds=6.0), *ROWS[1:]), version=1)
    assert page.panel.text.toPlainText() == "xtake 0"
    choose(page, 1)
    assert done(asked) == [EditTake(ROWS[0].session, "xtake 0")]
    assert page.panel.text.toPlainText() == "take 1"
    choose(page, 0)  # the save has not succeeded
    assert page.panel.text.toPlainText() == "xtake 0" and page.panel.save.isVisible()
    page.panel.save.click()
    assert done(asked)[1:] == [EditTake(ROWS[0].session, "xtake 0")]
    page.panel.undo.click()
    assert page.panel.text.toPlainText() == "take 0"


def test_deletion_asks_for_confirmation_once(page: HistoryPage, asked: list[Asked], texts: Texts) -> None:
    fill(page)
    choose(page, 0, 2)
    assert page.panel.caption.text() == texts("history.chosen", count=2)
    page.panel.delete.click()
    assert done(asked) == [] and page.panel.delete.text() == texts("history.delete-sure")
    choose(page, 1, 2)
    assert page.panel.delete.text() == texts("history.delete")
    QTest.keyClick(page.list, Qt.Key.Key_Delete)
    assert done(asked) == []
    page.panel.delete.click()
    assert done(asked) == [DeleteTakes((ROWS[1].session, ROWS[2].session))]
    assert page.panel.rows == () and not page.list.selectionModel().hasSelection()


def test_selection_follows_take_in_updated_list(page: HistoryPage) -> None:
    fill(page)
    choose(page, 1)
    new = replace(ROWS[0], session=UUID(int=99), text="new", key=101)
    page.show_list(HistoryList(1, "", 5, version=1))
    assert texts_chosen(page) == ["take 1"]
    page.model.row(0)
    page.show_rows(HistoryRows(1, 0, (new, *ROWS)))
    assert texts_chosen(page) == ["take 1"]
    assert [index.row() for index in page.list.selectionModel().selectedIndexes()] == [2]


def test_large_selection_is_bounded_and_stops_fetching(page: HistoryPage, asked: list[Asked]) -> None:
    page.show_list(HistoryList(1, "", 3 * MOST_CHOSEN))
    page.list.selectAll()
    page.list.scrollToBottom()
    page.list.grab()
    fetched = 0
    waiting: list[RowsWanted] = []
    while fetched < 99:
        waiting += [action for action in asked if isinstance(action, RowsWanted)]
        asked.clear()
        waiting = waiting[-MOST_WAITING:]
        if not waiting:
            break
        one = waiting.pop()
        rows = (replace(ROWS[0], session=UUID(int=one.start + number + 1)) for number in range(one.count))
        page.show_rows(HistoryRows(1, one.start, tuple(rows)))
        page.list.grab()
        fetched += 1
    assert len(page.panel.rows) == MOST_CHOSEN and fetched < 99


def test_export_replaces_files_only_on_request(page: HistoryPage, asked: list[Asked], dialogs: Chosen) -> None:
    fill(page)
    choose(page, 0, 1)
    page.panel.export.click()
    assert done(asked) == []
    dialogs.place_chosen = "/texts"
    page.panel.form.setCurrentIndex(list(Format).index(Format.SRT))
    page.panel.export.click()
    wanted = ExportTakes((ROWS[0].session, ROWS[1].session), Format.SRT, Path("/texts"))
    assert done(asked) == [wanted] and not page.replace.isVisible()
    page.show_told(HistoryMessage(Note(HistoryNote.EXIST, {"count": "1", "names": "a.srt"})))
    assert "a.srt" in page.note.text()
    page.replace.click()
    assert done(asked) == [wanted, replace(wanted, overwrite=True)] and not page.note.isVisible()


def test_interrupted_take_can_be_recovered(page: HistoryPage, asked: list[Asked]) -> None:
    fill(page, (*ROWS[:3], CUT_OFF))
    choose(page, 0)
    assert not page.panel.recover.isVisible()
    choose(page, 3)
    assert not page.panel.copy.isVisible()
    page.panel.recover.click()
    assert done(asked) == [RecoverTake(str(CUT_OFF.session))]


def test_history_page_works_by_keyboard(page: HistoryPage, qtbot: QtBot) -> None:
    fill(page)
    page.activateWindow()
    page.search.setFocus()
    QTest.keyClick(page.search, Qt.Key.Key_Down)
    assert texts_chosen(page) == ["take 0"]
    QTest.keyClick(page.list, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert texts_chosen(page) == ["take 0", "take 1"]
    QTest.keyClick(page.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "take 1\n\ntake 0"
    page.search.setText("a")
    QTest.keyClick(page.search, Qt.Key.Key_Escape)
    assert page.search.text() == ""


def test_history_controls_have_accessible_names(page: HistoryPage, texts: Texts) -> None:
    fill(page)
    choose(page, 0)
    panel = page.panel
    named = (page.search, page.list, panel.text, panel.form, panel.delete)
    assert all(widget.accessibleName() for widget in named)
    read = page.model.data(page.model.index(0), Qt.ItemDataRole.AccessibleTextRole)
    assert isinstance(read, str) and read.startswith("take 0") and texts("state.done") in read


@pytest.mark.parametrize("scheme", list(Scheme))
def test_history_list_is_drawn_in_each_scheme(page: HistoryPage, theme: Theme, scheme: Scheme) -> None:
    page.search.setText("take")
    fill(page, serial=2)
    theme.choose(scheme)
    image = page.list.grab().toImage()
    assert len({image.pixelColor(x, 20).name() for x in range(image.width())}) > 3


def test_history_page_fits_at_double_font_size(
    qapp: QApplication, theme: Theme, texts: Texts, asked: list[Asked], qtbot: QtBot
) -> None:
    large = QFont(qapp.font())
    large.setPointSizeF(large.pointSizeF() * 2)
    qapp.setFont(large)
    made = HistoryPage(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.show()
    fill(made, (replace(ROWS[0], edited=True), *ROWS[1:]))
    choose(made, 0)
    made.resize(made.minimumSizeHint().width(), 1200)
    qapp.processEvents()
    controls = [control for control in made.panel._controls if control.isVisible()]
    assert all(control.width() >= control.minimumSizeHint().width() for control in controls)
    assert all(control.geometry().right() <= made.panel.width() for control in controls)
    below = made.panel.mapTo(made, QPoint(0, 0)).y()
    assert below > made.list.y(), "the panel is below the list"
    made.resize(3000, 1200)
    qapp.processEvents()
    assert made.panel.mapTo(made, QPoint(0, 0)).y() == made.list.y()
