"""Home page: search, open in place, edit, export, delete; usable by keyboard, with accessible names."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.core.format import Format
from app.core.states import State
from app.dictation.actions import RecoverTake
from app.dictation.view import TakeView, View
from app.history.view import (
    MOST_WAITING,
    DeleteTakes,
    EditTake,
    ExportTakes,
    FollowTake,
    HistoryList,
    HistoryMessage,
    HistoryRows,
    RestoreTakes,
    RowsWanted,
    SearchHistory,
)
from app.journal.take import TakeState
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.kinds import Action, Takes
from app.ui.home.page import HomePage
from app.ui.home.selection_bar import MOST_CHOSEN
from app.ui.settings.choices import Choices
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.dialogs import FakeDialogs
from tests.app.ui.home.rows import ROWS, choose, fill, listed, take
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed

CUT_OFF = replace(ROWS[3], state=TakeState.INTERRUPTED, text="")


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], dialogs: FakeDialogs, qtbot: QtBot) -> HomePage:
    return displayed(qtbot, HomePage(theme, texts, asked.append, dialogs), 900, 700)


def click(page: HomePage, place: int) -> None:
    rect = page.list.visualRect(page.model.index(page.model.row_of(place)))
    QTest.mouseClick(page.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())


def done(asked: list[Action]) -> list[Action]:
    return [action for action in asked if not isinstance(action, SearchHistory | RowsWanted | FollowTake)]


def asks(page: HomePage) -> bool:
    """Return whether the page asks before it deletes."""
    return page.bar.confirming


def opened(page: HomePage) -> int | None:
    return page.stage.opened


def chosen(page: HomePage) -> list[str]:
    return [row.text for row in page.bar.rows]


def test_history_is_not_searched_before_page_is_shown(theme: Theme, asked: list[Action], qtbot: QtBot) -> None:
    made = HomePage(theme, Texts("en"), asked.append)
    qtbot.addWidget(made)
    assert asked == []
    made.show()
    assert asked == [SearchHistory("", 1)]


def test_each_key_searches_and_only_newest_result_is_shown(page: HomePage, asked: list[Action]) -> None:
    fill(page)
    asked.clear()
    QTest.keyClicks(page.head.search, "ab")
    assert [one for one in asked if isinstance(one, SearchHistory)] == [
        SearchHistory("a", 2),
        SearchHistory("ab", 3),
    ]
    page.show_list(listed(ROWS[:1], 2, "a"))
    assert page.model.row_of_key(ROWS[3].key) is not None
    page.show_list(listed(ROWS[:1], 3, "ab"))
    assert page.model.row_of_key(ROWS[3].key) is None


def test_filter_searches_unfinished_takes_and_keeps_the_query(page: HomePage, asked: list[Action]) -> None:
    fill(page)
    page.head.search.setText("a")
    page.head.filter.buttons[1].click()
    page.head.search.clear()
    page.head.filter.buttons[0].click()
    assert [one for one in asked if isinstance(one, SearchHistory)][-4:] == [
        SearchHistory("a", 2),
        SearchHistory("a", 3, unfinished=True),
        SearchHistory("", 4, unfinished=True),
        SearchHistory("", 5),
    ]


def test_click_opens_a_take_in_place_and_only_one(page: HomePage, asked: list[Action]) -> None:
    fill(page)
    click(page, 1)
    panel = page.panel
    assert panel.isVisible() and panel.text.toPlainText() == "take 1"
    assert FollowTake(ROWS[1].session) in asked
    row = page.list.rowViewportPosition(page.model.row_of(1))
    assert 0 <= panel.y() - row <= 8 and panel.y() + panel.height() <= row + page.list.rowHeight(
        page.model.row_of(1)
    )
    below = page.list.rowViewportPosition(page.model.row_of(2))
    assert below >= panel.geometry().bottom(), "the panel covers no other take"
    click(page, 2)
    assert panel.row == ROWS[2]
    panel.close_button.click()
    assert panel.isHidden() and page.list.hasFocus() and asked[-1] == FollowTake(None)


def test_open_take_is_edited_and_copied(page: HomePage, asked: list[Action]) -> None:
    fill(page)
    click(page, 1)
    panel = page.panel
    panel.text.selectAll()
    QTest.keyClicks(panel.text, "mine")
    panel.copy.click()
    assert QGuiApplication.clipboard().text() == "mine"
    panel.save.click()
    assert done(asked) == [EditTake(ROWS[1].session, "mine")]
    fill(page, (ROWS[0], replace(ROWS[1], text="mine", edited=True), *ROWS[2:]), version=1)
    assert panel.text.toPlainText() == "mine" and not panel.save.isVisible()


def test_typed_text_survives_updates_and_other_takes(page: HomePage, asked: list[Action]) -> None:
    fill(page)
    click(page, 0)
    QTest.keyClicks(page.panel.text, "x")
    fill(page, (replace(ROWS[0], seconds=6.0), *ROWS[1:]), version=1)
    assert page.panel.text.toPlainText() == "take 0x"
    page.open_row(page.model.row_of(1))
    assert done(asked) == [EditTake(ROWS[0].session, "take 0x")]
    page.open_row(page.model.row_of(0))  # the save has not succeeded
    assert page.panel.text.toPlainText() == "take 0x" and page.panel.save.isVisible()


def test_several_takes_are_copied_and_exported(page: HomePage, asked: list[Action], dialogs: FakeDialogs) -> None:
    fill(page)
    choose(page, 0, 1)
    assert page.bar.isVisible() and chosen(page) == ["take 0", "take 1"]
    page.bar.copy.click()
    assert QGuiApplication.clipboard().text() == "take 1\n\ntake 0"
    page.bar.export.forms[Format.SRT].trigger()
    assert done(asked) == []
    dialogs.chosen = ["/texts"]
    page.bar.export.forms[Format.SRT].trigger()
    wanted = ExportTakes((ROWS[0].session, ROWS[1].session), Format.SRT, Path("/texts"))
    assert done(asked) == [wanted]
    page.head.show_message(HistoryMessage(Note("history.note.exist", {"count": "1", "names": "a.srt"})))
    page.head.replace.click()
    assert done(asked) == [wanted, replace(wanted, overwrite=True)] and page.head.note.isHidden()
    page.bar.cancel.click()
    assert page.bar.isHidden()


@pytest.mark.parametrize("places", [(), (0,)])
def test_clipboard_stays_when_no_selected_take_has_a_text(page: HomePage, places: tuple[int, ...]) -> None:
    fill(page, (replace(ROWS[0], text=""), *ROWS[1:]))
    choose(page, *places)
    QGuiApplication.clipboard().setText("mine")
    QTest.keySequence(page.list, QKeySequence.StandardKey.Copy)
    assert QGuiApplication.clipboard().text() == "mine"


def test_deletion_asks_for_confirmation_once(page: HomePage, asked: list[Action], texts: Texts) -> None:
    fill(page)
    choose(page, 0, 2)
    page.bar.delete.click()
    assert done(asked) == [] and asks(page)
    choose(page, 1, 2)
    assert not asks(page)
    QTest.keyClick(page.list, Qt.Key.Key_Delete)
    assert done(asked) == [] and page.bar.name.text() == texts("home.delete-sure", count=2)
    page.bar.delete.click()
    assert done(asked) == [DeleteTakes((ROWS[1].session, ROWS[2].session))]
    assert page.bar.name.text() == texts("home.deleted", count=2)
    assert not page.list.selectionModel().hasSelection()
    QTest.keyClick(page.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert done(asked)[1:] == [RestoreTakes()] and page.bar.isHidden()


def test_open_take_is_deleted_from_its_menu(page: HomePage, asked: list[Action], qtbot: QtBot) -> None:
    fill(page)
    page.activateWindow()
    click(page, 1)
    QTest.keyClicks(page.panel.text, "x")
    page.panel.delete.trigger()
    assert asks(page) and chosen(page) == ["take 1"]
    qtbot.waitUntil(page.bar.delete.hasFocus)
    QTest.keyClick(page.bar.delete, Qt.Key.Key_Escape)
    assert page.bar.isHidden() and page.panel.isVisible()
    page.panel.delete.trigger()
    page.bar.delete.click()
    edited = EditTake(ROWS[1].session, f"{ROWS[1].text}x")
    assert done(asked) == [edited, DeleteTakes((ROWS[1].session,))] and page.panel.isHidden()


def test_selection_and_open_take_follow_their_takes_in_updated_list(page: HomePage) -> None:
    fill(page)
    page.open_row(page.model.row_of(1))
    choose(page, 2, 3)
    new = replace(take(-1), session=UUID(int=99), text="new")
    page.show_list(listed((new, *ROWS), version=1))
    assert opened(page) == page.model.row_of(2) and page.panel.isVisible()
    assert [index.row() for index in page.list.selectionModel().selectedIndexes()] == [
        page.model.row_of(3),
        page.model.row_of(4),
    ]
    page.show_list(listed((new, ROWS[0]), version=2))
    assert opened(page) is None and page.panel.isHidden()


def test_takes_keep_their_place_on_screen_when_new_ones_arrive(page: HomePage, qtbot: QtBot) -> None:
    rows = tuple(take(number) for number in range(60))
    fill(page, rows)
    page.list.verticalScrollBar().setValue(1_500)
    row = page.list.rowAt(100)
    key, place = page.model.key(row), page.list.rowViewportPosition(row)
    if key is None:
        row += 1
        key, place = page.model.key(row), page.list.rowViewportPosition(row)
    page.show_list(listed((take(-1), *rows), version=1))
    assert key is not None
    moved = page.model.row_of_key(key)
    assert moved == row + 1 and page.list.rowViewportPosition(moved) == place


def test_large_selection_is_bounded_and_stops_fetching(page: HomePage, asked: list[Action], texts: Texts) -> None:
    rows = [take(number) for number in range(3 * MOST_CHOSEN)]
    page.show_list(listed(rows))
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
        page.show_rows(HistoryRows(1, one.start, tuple(rows[one.start : one.start + one.count])))
        page.list.grab()
        fetched += 1
    assert len(page.bar.rows) == MOST_CHOSEN and fetched < 99
    assert page.bar.name.text() == texts("history.chosen-most", count=MOST_CHOSEN)


def test_interrupted_take_can_be_recovered(page: HomePage, asked: list[Action]) -> None:
    fill(page, (*ROWS[:3], CUT_OFF))
    page.open_row(page.model.row_of(0))
    assert not page.panel.recover.isVisible()
    page.open_row(page.model.row_of(3))
    assert not page.panel.copy.isVisible()
    page.panel.recover.click()
    assert done(asked) == [RecoverTake(str(CUT_OFF.session))]


def test_focus_in_the_timeline_is_visible(page: HomePage, qtbot: QtBot) -> None:
    """The ring is that of the current take: without one, the focus would be nowhere."""
    fill(page)
    page.activateWindow()
    page.head.search.setFocus()
    QTest.keyClick(page.head.search, Qt.Key.Key_Tab)
    assert page.head.filter.buttons[0].hasFocus()
    QTest.keyClick(page.head.filter.buttons[0], Qt.Key.Key_Tab)
    assert page.list.hasFocus() and page.list.currentIndex().row() == page.model.row_of(0)
    assert not page.bar.rows, "nothing is selected"
    fill(page, (take(-1), *ROWS), version=1)
    assert page.list.currentIndex().row() == page.model.row_of(1), "it stays on its take"
    fill(page, (take(-1), *ROWS[1:]), version=2)
    assert page.list.currentIndex().row() == page.model.row_of(1), "its take is gone: the next one took its place"
    fill(page, (take(-1),), version=3)
    assert page.list.currentIndex().row() == page.model.row_of(0), "nothing is older"
    QTest.keyClick(page.list, Qt.Key.Key_Delete)
    assert asks(page) and chosen(page) == ["take -1"], "the take in the ring"


def test_home_page_works_by_keyboard(page: HomePage, qtbot: QtBot) -> None:
    fill(page)
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    QTest.keyClick(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.head.search.hasFocus()
    QTest.keyClick(page.head.search, Qt.Key.Key_Down)
    assert chosen(page) == ["take 0"] and page.list.hasFocus()
    QTest.keyClick(page.list, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert chosen(page) == ["take 0", "take 1"]
    QTest.keyClick(page.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "take 1\n\ntake 0"
    QTest.keyClick(page.list, Qt.Key.Key_Return)
    assert page.panel.row == ROWS[1]
    QTest.keyClick(page.list, Qt.Key.Key_Tab)
    assert (focused := QApplication.focusWidget()) and page.panel.isAncestorOf(focused)
    QTest.keyClick(page.panel.text, Qt.Key.Key_Escape)
    assert page.panel.isHidden() and page.list.hasFocus()
    QTest.keyClick(page.list, Qt.Key.Key_End)
    assert chosen(page) == ["take 3"]
    QTest.keyClick(page.list, Qt.Key.Key_Up)
    assert chosen(page) == ["take 2"], "days are skipped"
    page.head.search.setText("a")
    QTest.keyClick(page.head.search, Qt.Key.Key_Escape)
    assert page.head.search.text() == ""


def test_focus_of_a_hidden_control_scrolls_to_it(page: HomePage, qtbot: QtBot) -> None:
    fill(page, tuple(take(number) for number in range(60)))
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    page.list.verticalScrollBar().setValue(1_000)
    page.head.search.setFocus()
    qtbot.waitUntil(lambda: page.head.y() + page.head.row.y() >= 0)


def test_context_menu_offers_the_actions(page: HomePage, texts: Texts) -> None:
    fill(page)
    page.list.setCurrentIndex(page.model.index(2))
    page._menu(QPoint(20, 20))
    menu = QApplication.activePopupWidget()
    assert menu is not None
    names = [action.text() for action in menu.actions()]
    keys = ("home.open", "action.copy", "home.save-text", "home.save-subtitles", "history.delete")
    assert names == [texts(key) for key in (*keys, "history.select-all")]
    page.list.setFocus()
    fill(page, (take(-1), *ROWS), version=1)
    menu.actions()[0].trigger()
    assert page.panel.row == ROWS[0], "not the one that came meanwhile"
    menu.close()


def test_values_of_dictation_reach_their_parts(page: HomePage, texts: Texts, qtbot: QtBot) -> None:
    fill(page)
    page.show_view(View(State.LISTENING))
    assert page.head.hero.state.text() == texts("state.listening")
    page.head.hero.show_worker(WorkerView(LocalWorkerState.DOWNLOADING, percent=3))
    assert page.head.hero.progress.isVisible()
    page.head.show_choices(Choices(keys={"dictate": "f9"}))
    assert "F9" in page.head.hero.hint.text()
    page.head.hero.show_problem("free some space")
    assert page.head.hero.note.text() == "free some space"
    page.show_takes(Takes((TakeView(str(ROWS[1].session), 0.0, 1.0, TakeState.HELD, "kia ora", 1),)))
    assert page.head.paste.isVisible()
    page.open_row(page.model.row_of(1))
    assert page.panel.paste.isVisible()
    with qtbot.waitSignal(page.head.try_wanted):
        page.head.first_use.try_it.click()


@in_each_language
def test_head_makes_room_for_more_words(page: HomePage, qtbot: QtBot) -> None:
    fill(page)
    first = page.list.rowViewportPosition(1)
    page.head.hero.show_problem("free some space " * 40)
    qtbot.waitUntil(lambda: page.list.rowViewportPosition(1) > first)
    qtbot.waitUntil(lambda: page.head.geometry().bottom() <= page.list.rowViewportPosition(1))


def test_many_days_are_shown_and_scrolled(page: HomePage) -> None:
    rows = [take(24 * number) for number in range(3_000)]
    page.show_list(listed(rows))
    page.list.verticalScrollBar().setValue(page.list.verticalScrollBar().maximum())
    last = page.model.rowCount() - 1
    assert page.list.rowViewportPosition(last) + page.list.rowHeight(last) <= page.list.viewport().height()
    assert page.model.key(page.list.rowAt(page.list.viewport().height() - 5)) is not None
    assert HistoryList(1).count == 0
