"""Panel of selected takes, and drafts that outlive a failed save."""

from dataclasses import replace
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.history.actions import DeleteTakes, EditTake, LookAtTake, PlayTake, StopPlaying
from app.history.difference import difference
from app.history.index import IndexRow
from app.history.view import Comparison, Playing, PlayState, Rerun, TakeDetails
from app.history.word_times import TimedRange
from app.journal.take import TakeState
from app.ui.history.take_panel import MOST_DRAFTS, Asked, TakePanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.files.test_page import Chosen


def row(number: int) -> IndexRow:
    return IndexRow(UUID(int=number + 1), 1_700_000_000.0, 5.0, 1, TakeState.DONE, f"take {number}")


def done(asked: list[Asked]) -> list[Asked]:
    return [action for action in asked if not isinstance(action, LookAtTake)]


@pytest.fixture
def asked() -> list[Asked]:
    return []


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[Asked], qtbot: QtBot) -> TakePanel:
    made = TakePanel(theme, texts, asked.append, Chosen(), lambda: None)
    qtbot.addWidget(made)
    made.resize(500, 500)
    made.show()
    return made


def test_take_panel_shows_hint_without_selection(panel: TakePanel, texts: Texts) -> None:
    assert panel.hint.isVisible() and not panel.text.isVisible() and not panel.delete.isVisible()
    panel.show_takes([row(1)])
    assert not panel.hint.isVisible() and panel.text.isVisible() and panel.delete.isVisible()


def test_double_click_on_delete_deletes_nothing(panel: TakePanel, asked: list[Asked], texts: Texts) -> None:
    panel.show_takes([row(1)])
    QApplication.processEvents()
    QTest.mouseClick(panel.delete, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(panel.delete, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(panel.delete, Qt.MouseButton.LeftButton)
    assert done(asked) == [] and panel.delete.text() == texts("history.delete-sure")
    QTest.mouseClick(panel.delete, Qt.MouseButton.LeftButton)
    assert done(asked) == [DeleteTakes((row(1).session,))]


def test_emptied_text_reverts_to_recognised_text(panel: TakePanel, asked: list[Asked]) -> None:
    panel.show_takes([row(1)])
    panel.text.selectAll()
    QTest.keyClick(panel.text, Qt.Key.Key_Delete)
    panel.save.click()
    assert done(asked) == [EditTake(row(1).session, "")]
    panel.show_takes([])
    panel.show_takes([row(1)])
    assert panel.text.toPlainText() == "take 1"


def test_number_of_drafts_is_bounded(panel: TakePanel) -> None:
    for number in range(MOST_DRAFTS + 1):
        panel.show_takes([row(number)])
        QTest.keyClicks(panel.text, "x")
    panel.show_takes([row(MOST_DRAFTS)])
    panel.keep()
    for number, text in ((0, "take 0"), (1, "xtake 1")):
        panel.show_takes([row(number)])
        assert panel.text.toPlainText() == text


def details(number: int, other: str = "") -> TakeDetails:
    text = row(number).text
    spoken = (TimedRange(0, 1_000, 0, 4), TimedRange(1_000, 5_000, 5, 6))
    compared = Comparison(0, other, difference(text, other), 1) if other else None
    return TakeDetails(row(number).session, text, 5_000, spoken, (Rerun(1.0, "m", True),) * bool(other), compared)


def marked(panel: TakePanel) -> list[str]:
    return [one.cursor.selectedText() for one in panel.text.extraSelections()]


def test_details_are_requested_for_single_selected_take(panel: TakePanel, asked: list[Asked]) -> None:
    for chosen in ([row(1)], [row(1)], [row(1), row(2)], [row(2)]):
        panel.show_takes(chosen)
    sessions = [action.session for action in asked if isinstance(action, LookAtTake)]
    assert sessions == [row(1).session, None, row(2).session]


def test_playback_marks_words_and_click_on_word_seeks(panel: TakePanel, asked: list[Asked]) -> None:
    panel.show_takes([row(1)])
    panel.show_details(details(2))  # details of a take that is not selected
    panel.show_details(details(1))
    panel.show_playing(Playing(row(1).session, PlayState.PLAYING, 500, 5_000))
    assert marked(panel) == ["take"]
    panel.show_playing(Playing(row(1).session, PlayState.STOPPED))
    assert marked(panel) == []
    cursor = panel.text.textCursor()
    cursor.setPosition(6)
    place = panel.text.cursorRect(cursor).center()
    QTest.mouseClick(panel.text.viewport(), Qt.MouseButton.LeftButton, pos=place)
    panel.play.toggle()
    assert done(asked) == [PlayTake(row(1).session, 1_000)]
    panel.show_playing(Playing(row(1).session, PlayState.PLAYING, 1_000, 5_000))
    panel.leave()
    assert done(asked)[1:] == [StopPlaying()]


def test_new_text_is_saved_at_once_and_can_be_undone(panel: TakePanel, asked: list[Asked]) -> None:
    panel.show_takes([row(1)])
    panel.show_details(details(1, "take one"))
    panel.again.click()
    assert not panel.again.isVisible()
    panel.recognise.take.click()
    assert panel.text.toPlainText() == "take one" and done(asked) == [EditTake(row(1).session, "take one")]
    panel.recognise.undo.click()
    assert panel.text.toPlainText() == "take 1"
    panel.recognise.take.click()
    panel.text.undo()
    assert panel.text.toPlainText() == "take 1"  # the editor's undo works too
    panel.recognise.keep.click()
    assert panel.again.isVisible()


def test_deletion_stops_playback(panel: TakePanel, asked: list[Asked]) -> None:
    panel.show_takes([row(1)])
    panel.show_playing(Playing(row(1).session, PlayState.PLAYING, 500, 5_000))
    panel.ask_delete()
    panel.ask_delete()
    assert done(asked) == [StopPlaying(), DeleteTakes((row(1).session,))]
    assert asked[-2] == LookAtTake(None)


def test_focus_moves_to_copy_not_delete_after_recovery(panel: TakePanel, qtbot: QtBot) -> None:
    panel.show_takes([replace(row(1), state=TakeState.INTERRUPTED, text="")])
    panel.activateWindow()
    panel.recover.setFocus()
    qtbot.waitUntil(panel.recover.hasFocus)
    panel.show_takes([row(1)])
    assert not panel.recover.isVisible() and panel.copy.hasFocus()
