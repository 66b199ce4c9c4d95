"""Panel of the open take, and drafts that outlive a failed save."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.difference import difference
from app.core.format import Format
from app.core.word_times import TimedRange
from app.dictation.actions import HeldAction, SettleHeld
from app.history.index import IndexRow
from app.history.view import (
    Comparison,
    EditStored,
    EditTake,
    ExportTakes,
    FollowTake,
    ModelsWanted,
    PlaybackView,
    PlayState,
    PlayTake,
    RecogniseAgain,
    Rerun,
    RerunOptions,
    RerunState,
    RerunView,
    StopPlaying,
    TakeDetails,
)
from app.journal.take import TakeState
from app.messages.kinds import Action
from app.ui.home.take_panel import MOST_DRAFTS, TakePanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.dialogs import FakeDialogs
from tests.app.ui.showing import displayed


def row(number: int) -> IndexRow:
    return IndexRow(UUID(int=number + 1), 1_700_000_000.0, 5.0, 1, TakeState.DONE, f"take {number}")


def done(asked: list[Action]) -> list[Action]:
    return [action for action in asked if not isinstance(action, FollowTake)]


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[Action], dialogs: FakeDialogs, qtbot: QtBot) -> TakePanel:
    return displayed(qtbot, TakePanel(theme, texts, asked.append, dialogs), 500, 500)


def test_emptied_text_reverts_to_recognised_text(panel: TakePanel, asked: list[Action]) -> None:
    panel.show_take(row(1))
    panel.text.selectAll()
    QTest.keyClick(panel.text, Qt.Key.Key_Delete)
    panel.save.click()
    assert done(asked) == [EditTake(row(1).session, "")]
    panel.show_take(None)
    panel.show_take(row(1))
    assert panel.text.toPlainText() == "take 1"


def test_number_of_drafts_is_bounded(panel: TakePanel) -> None:
    for number in range(MOST_DRAFTS + 1):
        panel.show_take(row(number))
        QTest.keyClicks(panel.text, "x")
    panel.show_take(row(MOST_DRAFTS))
    panel.keep()
    for number, text in ((0, "take 0"), (1, "xtake 1")):
        panel.show_take(row(number))
        assert panel.text.toPlainText() == text


def details(number: int, other: str = "") -> TakeDetails:
    text = row(number).text
    spoken = (TimedRange(0, 1_000, 0, 4), TimedRange(1_000, 5_000, 5, 6))
    compared = Comparison(0, other, difference(text, other), 1) if other else None
    return TakeDetails(row(number).session, text, 5_000, spoken, (Rerun(1.0, "m", True),) * bool(other), compared)


def marked(panel: TakePanel) -> list[str]:
    return [one.cursor.selectedText() for one in panel.text.extraSelections()]


def test_details_are_requested_for_the_open_take(panel: TakePanel, asked: list[Action]) -> None:
    for opened in (row(1), row(1), None, row(2)):
        panel.show_take(opened)
    sessions = [action.session for action in asked if isinstance(action, FollowTake)]
    assert sessions == [row(1).session, None, row(2).session]


def test_restoring_and_deleting_are_in_the_menu(panel: TakePanel, asked: list[Action], qtbot: QtBot) -> None:
    panel.show_take(row(1))
    assert not panel.restore.isVisible()
    panel.show_take(replace(row(1), edited=True))
    panel.restore.trigger()
    assert done(asked) == [EditTake(row(1).session, "")]
    with qtbot.waitSignal(panel.delete_wanted):
        panel.delete.trigger()
    with qtbot.waitSignal(panel.close_wanted):
        panel.close_button.click()


def test_text_to_paste_can_be_pasted_copied_and_dismissed(
    panel: TakePanel, asked: list[Action], qtbot: QtBot
) -> None:
    panel.show_take(row(1))
    assert panel.paste.isHidden() and panel.dismiss.isHidden()
    session = str(row(1).session)
    panel.show_held({session})
    for button in (panel.copy, panel.dismiss, panel.paste):
        button.click()
    wanted = [SettleHeld(session, how) for how in (HeldAction.COPY, HeldAction.DISMISS, HeldAction.PASTE)]
    qtbot.waitUntil(lambda: done(asked) == wanted)


def test_typed_text_is_saved_before_it_is_pasted(panel: TakePanel, asked: list[Action], qtbot: QtBot) -> None:
    session = row(1).session
    panel.show_take(row(1))
    panel.show_held({str(session)})
    panel.text.selectAll()
    QTest.keyClicks(panel.text, "my text")
    panel.paste.click()
    wanted = [EditTake(session, "my text"), SettleHeld(str(session), HeldAction.PASTE)]
    qtbot.waitUntil(lambda: done(asked) == wanted)


def test_take_is_exported_in_the_chosen_format(
    panel: TakePanel, asked: list[Action], dialogs: FakeDialogs
) -> None:
    panel.show_take(row(1))
    panel.export.forms[Format.SRT].trigger()
    assert done(asked) == []
    dialogs.chosen = ["/texts"]
    panel.export.forms[Format.SRT].trigger()
    assert done(asked) == [ExportTakes((row(1).session,), Format.SRT, Path("/texts"))]


def test_text_grows_with_its_lines(panel: TakePanel, qtbot: QtBot) -> None:
    panel.show_take(row(1))
    short = panel.text.sizeHint().height()
    panel.show_take(replace(row(2), text="many words " * 200))
    qtbot.waitUntil(lambda: panel.text.sizeHint().height() > 10 * short)
    qtbot.waitUntil(lambda: panel.text.height() == panel.text.sizeHint().height())
    assert panel.text.verticalScrollBar().maximum() == 0, "only the page scrolls"


def test_playback_marks_words_and_click_on_word_seeks(panel: TakePanel, asked: list[Action]) -> None:
    panel.show_take(row(1))
    panel.show_details(details(2))  # details of a take that is not selected
    panel.show_details(details(1))
    panel.play.show_playing(PlaybackView(row(1).session, PlayState.PLAYING, 500, 5_000))
    assert marked(panel) == ["take"]
    panel.play.show_playing(PlaybackView(row(1).session, PlayState.STOPPED))
    assert marked(panel) == []
    cursor = panel.text.textCursor()
    cursor.setPosition(6)
    place = panel.text.cursorRect(cursor).center()
    QTest.mouseClick(panel.text.viewport(), Qt.MouseButton.LeftButton, pos=place)
    panel.play.toggle()
    assert done(asked) == [PlayTake(row(1).session, 1_000)]
    panel.play.show_playing(PlaybackView(row(1).session, PlayState.PLAYING, 1_000, 5_000))
    panel.leave()
    assert done(asked)[1:] == [StopPlaying()]


def test_new_text_is_saved_at_once_and_can_be_undone(panel: TakePanel, asked: list[Action]) -> None:
    panel.show_take(row(1))
    panel.show_details(details(1, "take one"))
    panel.again.results_wanted.emit()
    assert panel.again.isVisible(), "another model can be chosen"
    panel.recognise.accept.click()
    assert panel.text.toPlainText() == "take one" and done(asked) == [EditTake(row(1).session, "take one")]
    panel.recognise.undo.click()
    assert panel.text.toPlainText() == "take 1"
    panel.recognise.accept.click()
    panel.text.undo()
    assert panel.text.toPlainText() == "take 1"  # the editor's undo works too
    panel.recognise.keep.click()
    assert not panel.recognise.isVisible()


def edits(asked: list[Action]) -> list[tuple[str, int | None]]:
    return [(action.text, action.seen) for action in asked if isinstance(action, EditTake)]


@pytest.mark.parametrize("told_first", [True, False])
def test_edit_names_the_revision_that_the_user_edited(
    panel: TakePanel, asked: list[Action], told_first: bool
) -> None:
    panel.show_take(replace(row(1), revision=1))
    panel.text.setFocus()
    QTest.keyClicks(panel.text, "my ")
    panel.keep()
    panel.show_take(replace(row(1), text="take 1 and more", revision=2))  # it was recognised meanwhile
    assert panel.text.toPlainText() == "my take 1", "it is not in the history yet"
    stored = replace(row(1), text="my take 1 and more", edited=True, revision=3)
    answer = partial(panel.show_stored, EditStored(row(1).session, "my take 1", 3))
    steps = [answer, partial(panel.show_take, stored)]
    for step in steps if told_first else reversed(steps):
        assert panel.text.toPlainText() == "my take 1"
        step()
    assert panel.text.toPlainText() == "my take 1 and more" and not panel.changed
    QTest.keyClicks(panel.text, "all ")
    panel.keep()
    assert edits(asked) == [("my take 1", 1), ("all my take 1 and more", 3)]


def test_continued_edit_still_names_the_revision_with_which_it_began(
    panel: TakePanel, asked: list[Action]
) -> None:
    """The editor lacks the texts that the first save got: the second save must not remove them."""
    panel.show_take(replace(row(1), revision=1))
    for key, revision in (("a", 3), ("b", 5)):
        QTest.keyClicks(panel.text, key)
        panel.keep()
        text = panel.text.toPlainText()
        QTest.keyClicks(panel.text, "c")
        panel.show_stored(EditStored(row(1).session, text, revision))
        panel.show_take(replace(row(1), text=f"{text} and more", edited=True, revision=revision))
    panel.show_take(None)
    assert edits(asked) == [("atake 1", 1), ("acbtake 1", 1), ("acbctake 1", 1)]
    panel.show_take(replace(row(1), text="acbtake 1 and more", edited=True, revision=5))
    assert panel.text.toPlainText() == "acbctake 1", "the last one is not in the history yet"
    panel.show_stored(EditStored(row(1).session, "acbctake 1", 6))
    panel.show_take(replace(row(1), text="acbctake 1 and more", edited=True, revision=6))
    assert panel.text.toPlainText() == "acbctake 1 and more"


def test_text_that_shortens_an_edit_stays_a_draft_until_it_is_stored(
    panel: TakePanel, asked: list[Action]
) -> None:
    """A disk that refuses it leaves the longer text in the history."""
    stored = replace(row(1), text="take 1 and more", edited=True, revision=2)
    panel.show_take(stored)
    panel.text.setPlainText("take 1")
    panel.text.document().setModified(True)
    panel.keep()
    panel.show_take(None)
    panel.show_stored(EditStored(row(1).session, "an earlier text", 4))
    panel.show_take(replace(stored, revision=4))
    assert panel.text.toPlainText() == "take 1" and panel.changed
    panel.show_stored(EditStored(row(1).session, "take 1", 5))
    panel.show_take(None)
    panel.show_take(replace(row(1), edited=True, revision=5))
    assert panel.save.isHidden() and edits(asked) == [("take 1", 2)]


@pytest.mark.parametrize(("edited", "asks"), [(False, ""), (True, "take 1")])
def test_text_that_is_taken_back_before_it_is_stored_is_taken_back_there_too(
    panel: TakePanel, asked: list[Action], edited: bool, asks: str
) -> None:
    """The history may store it later: its recording may be in use."""
    panel.show_take(replace(row(1), edited=edited, revision=1))
    for take_back in (panel.undo.click, lambda: QTest.keyClick(panel.text, Qt.Key.Key_Backspace)):
        QTest.keyClicks(panel.text, "x")
        panel.keep()
        take_back()
        panel.keep()
        assert panel.text.toPlainText() == "take 1" and not panel.changed
        panel.keep()
    assert edits(asked) == [("xtake 1", 1), (asks, 1)] * 2


def test_undo_takes_back_that_all_text_was_removed(panel: TakePanel, asked: list[Action]) -> None:
    """Else the history removes the edit once the recording is free."""
    panel.show_take(replace(row(1), edited=True, revision=1))
    QTest.keyClick(panel.text, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(panel.text, Qt.Key.Key_Delete)
    panel.keep()
    panel.undo.click()
    assert edits(asked) == [("", 1), ("take 1", 1)]


def test_own_text_that_is_used_again_names_its_own_revision(panel: TakePanel, asked: list[Action]) -> None:
    panel.show_take(replace(row(1), revision=1))
    QTest.keyClicks(panel.text, "my ")
    panel.show_details(details(1, "take one"))
    panel.recognise.accept.click()
    panel.show_take(replace(row(1), text="take one", edited=True, revision=3))
    panel.recognise.undo.click()
    assert edits(asked) == [("take one", 1), ("my take 1", 1)]


def test_typed_text_is_saved_soon_after_the_last_key(panel: TakePanel, asked: list[Action], qtbot: QtBot) -> None:
    panel.show_take(row(1))
    panel.activateWindow()
    panel.focus_text()
    qtbot.waitUntil(panel.text.hasFocus)
    QTest.keyClicks(panel.text, "!")
    assert done(asked) == []
    qtbot.waitUntil(lambda: done(asked) == [EditTake(row(1).session, "take 1!")])


def test_choice_of_model_saves_text_and_recognises_again(panel: TakePanel, asked: list[Action]) -> None:
    panel.show_take(row(1))
    QTest.keyClicks(panel.text, "so ")
    options = RerunOptions("whisper-small", vad=False)
    panel.again.chosen.emit(options)
    assert done(asked) == [EditTake(row(1).session, "so take 1"), RecogniseAgain(row(1).session, options)]
    panel.again.menu_opened.emit()
    assert asked[-1] == ModelsWanted()


def test_focus_moves_from_recognise_again_to_stop(panel: TakePanel, qtbot: QtBot) -> None:
    panel.show_take(row(1))
    panel.activateWindow()
    panel.again.setFocus()
    qtbot.waitUntil(panel.again.hasFocus)
    panel.show_rerun(RerunView(row(1).session, RerunState.WAITING))
    assert panel.again.isHidden() and panel.recognise.stop.hasFocus()


def test_closing_stops_playback(panel: TakePanel, asked: list[Action]) -> None:
    panel.show_take(row(1))
    panel.play.show_playing(PlaybackView(row(1).session, PlayState.PLAYING, 500, 5_000))
    panel.show_take(None)
    assert done(asked) == [StopPlaying()] and asked[-1] == FollowTake(None)


def test_focus_moves_to_copy_not_delete_after_recovery(panel: TakePanel, qtbot: QtBot) -> None:
    panel.show_take(replace(row(1), state=TakeState.INTERRUPTED, text=""))
    panel.activateWindow()
    panel.recover.setFocus()
    qtbot.waitUntil(panel.recover.hasFocus)
    panel.show_take(row(1))
    assert not panel.recover.isVisible() and panel.copy.hasFocus()
