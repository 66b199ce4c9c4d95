"""Upper part of the page: search, what was found and done, and the lines for a first use."""

import pytest
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.history.view import HistoryList, HistoryMessage, StopExporting
from app.messages.kinds import Action
from app.ui.home.head import Head
from app.ui.settings.choices import Choices
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.home.rows import listed, take
from tests.app.ui.showing import displayed


@pytest.fixture
def head(theme: Theme, texts: Texts, qtbot: QtBot, asked: list[Action]) -> Head:
    return displayed(qtbot, Head(theme, texts, asked.append), 700, 600)


def test_first_use_is_explained_while_there_is_no_recording(head: Head, texts: Texts, qtbot: QtBot) -> None:
    assert head.nothing.text() == texts("history.loading") and head.first_use.isHidden()
    head.show_list(HistoryList(1))
    assert head.first_use.isVisible() and head.search.isHidden() and head.nothing.isHidden()
    assert texts("home.empty-start") in head.first_use.lines[0].text()
    head.show_choices(Choices(keys={"dictate": "right_ctrl"}))
    assert texts("home.empty-press", key=texts("key.right", key="Ctrl")) in head.first_use.lines[0].text()
    with qtbot.waitSignal(head.try_wanted):
        head.first_use.try_it.click()
    head.show_list(listed([take(0)]))
    assert head.first_use.isHidden() and head.search.isVisible()


def test_search_reports_how_much_it_found(head: Head, texts: Texts) -> None:
    head.search.setText("xyz")
    head.show_list(HistoryList(2, "xyz"))
    assert "xyz" in head.nothing.text() and head.nothing.isVisible() and head.first_use.isHidden()
    head.show_list(listed([take(0), take(1)], 2, "xyz"))
    clear = head.search.empty
    assert head.count.text() == texts("history.count", count=2) and clear.isVisible()
    head.activateWindow()
    head.search.setFocus()
    assert head.search.hasFocus() and not clear.hasFocus(), "no second focus ring"
    head.first_use.try_it.setFocus()
    clear.click()
    assert head.search.text() == "" and head.search.hasFocus()


def test_filter_asks_for_unfinished_recordings_and_says_when_there_are_none(
    head: Head, texts: Texts, qtbot: QtBot
) -> None:
    head.show_list(listed([take(0)]))
    assert head.filter.isVisible() and head.filter.buttons[0].isChecked()
    with qtbot.waitSignal(head.search_wanted):
        head.filter.buttons[1].click()
    assert head.unfinished and head.filter.buttons[1].isChecked()
    head.show_list(HistoryList(2))
    assert head.nothing.text() == texts("history.nothing-unfinished")
    assert head.first_use.isHidden() and head.search.isVisible() and head.filter.isVisible()
    head.show_list(listed([take(0)], 3))
    assert head.count.text() == texts("history.count", count=1) and head.nothing.isHidden()
    head.search.setText("xyz")
    head.show_list(HistoryList(4, "xyz"))
    assert head.nothing.text() == texts("history.nothing-unfinished-found", query="xyz")
    head.refresh()
    assert head.filter.buttons[1].isChecked()
    head.search.clear()
    head.filter.buttons[0].click()
    head.show_list(listed([take(0)], 5))
    assert head.filter.buttons[0].isChecked() and head.count.isHidden()


def test_head_reports_reading_problems_and_outcomes(head: Head, texts: Texts, qtbot: QtBot) -> None:
    head.show_list(HistoryList(1, "", (), None, 1, 4))
    assert head.reading.text() == texts("history.reading", percent=25) and head.first_use.isHidden()
    head.show_list(HistoryList(1, "", (), Note("history-index")))
    assert texts("note.history-index") in head.problem.text() and head.reading.isHidden()
    head.show_message(HistoryMessage(Note("history.note.exist", {"count": "1", "names": "a.srt"})))
    assert "a.srt" in head.note.text() and head.replace.isVisible()
    with qtbot.waitSignal(head.replace_wanted):
        head.replace.click()
    head.show_message(None)
    assert head.note.isHidden() and head.replace.isHidden()


def test_export_can_be_cancelled_while_it_runs(head: Head, asked: list[Action]) -> None:
    head.show_message(HistoryMessage(Note("history.note.exporting", {"done": "3", "total": "9"})))
    assert "3" in head.note.text() and "9" in head.note.text() and head.stop.isVisible()
    head.stop.click()
    assert asked == [StopExporting()]
    head.show_message(HistoryMessage(Note("history.note.export-stopped")))
    assert head.note.isVisible() and head.stop.isHidden()
