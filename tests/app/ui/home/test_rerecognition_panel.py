"""Repeated recognition: follow, fail, compare.

The text changes only when the user accepts it.
"""

from dataclasses import replace
from uuid import UUID

import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from app.core.difference import difference, words_that_differ
from app.core.errors import Note
from app.history.index import IndexRow
from app.history.view import (
    Comparison,
    FollowTake,
    HistoryAction,
    RecogniseAgain,
    Rerun,
    RerunOptions,
    RerunState,
    RerunView,
    StopRecognising,
    TakeDetails,
)
from app.journal.take import TakeState
from app.ui.home.rerecognition_panel import PanelPart, RerecognitionPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import enlarge, kept

ONE = IndexRow(UUID(int=1), 1_700_000_000.0, 5.0, 1, TakeState.DONE, "the quick fox", model="b")
TWO = replace(ONE, session=UUID(int=2))


class Person:
    """Recorder of the actions and texts that the user asked for."""

    def __init__(self) -> None:
        self.asked: list[HistoryAction] = []
        self.used: list[str] = []

    def back(self) -> None:
        self.used.append("mine")


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def panel(theme: Theme, texts: Texts, person: Person, qtbot: QtBot) -> RerecognitionPanel:
    panel = RerecognitionPanel(theme, texts, person.asked.append, person.used.append, person.back)
    made = kept(qtbot, panel, 500, 500)
    made.show_take(ONE)
    return made


def compared(*texts: str, run: int | None = None, row: IndexRow = ONE) -> TakeDetails:
    """Return details of the take with one run for each text."""
    run = len(texts) - 1 if run is None else run
    runs = tuple(Rerun(1_700_000_000.0 + number, "a", number == 0, number) for number in range(len(texts)))
    pieces = difference(row.text, texts[run])
    known = Comparison(run, texts[run], pieces, words_that_differ(pieces))
    return TakeDetails(row.session, row.text, 5_000, (), runs, known)


def stage(panel: RerecognitionPanel) -> PanelPart:
    return panel.stage


def seen(panel: RerecognitionPanel) -> list[QPushButton]:
    return [button for button in panel.buttons.controls if button.isVisible() and isinstance(button, QPushButton)]


def test_again_panel_opens_when_recognition_begins(panel: RerecognitionPanel, person: Person) -> None:
    panel.begin(RerunOptions("a", vad=False))
    assert person.asked == [RecogniseAgain(ONE.session, RerunOptions("a", vad=False))]
    assert stage(panel) is PanelPart.CLOSED and not panel.isVisible()
    panel.show_rerun(RerunView(ONE.session, RerunState.WAITING))
    assert stage(panel) is PanelPart.WORKING and panel.isVisible()


def test_again_panel_shows_progress_and_stops(panel: RerecognitionPanel, person: Person, texts: Texts) -> None:
    panel.show_rerun(RerunView(ONE.session, RerunState.WAITING))
    assert panel.how.text() == texts("history.again.waiting") and seen(panel) == [panel.stop]
    panel.show_rerun(RerunView(ONE.session, RerunState.RUNNING, 2, 5))
    assert panel.how.text() == texts("history.again.progress", ended=2, count=5) and panel.progress.value() == 40
    panel.stop.click()
    assert person.asked[-1] == StopRecognising(ONE.session)
    panel.show_rerun(RerunView(ONE.session, RerunState.STOPPED))
    assert stage(panel) is PanelPart.CLOSED


def test_again_panel_shows_failure_until_it_is_closed(panel: RerecognitionPanel, texts: Texts) -> None:
    panel.show_rerun(RerunView(ONE.session, RerunState.FAILED, note=Note("again-failed")))
    assert stage(panel) is PanelPart.FAILED and seen(panel) == [panel.keep]
    assert texts("note.again-failed") in panel.note.text() and not panel.how.isVisible()
    panel.keep.click()
    panel.show_take(None)
    panel.show_take(ONE)
    assert stage(panel) is PanelPart.CLOSED
    panel.show_rerun(RerunView(ONE.session, RerunState.FAILED, note=Note("again-failed")))
    panel.show_details(compared("the slow fox"))
    panel.unfold()
    assert stage(panel) is PanelPart.COMPARING and not panel.note.isVisible()


def test_again_panel_uses_new_text_only_when_accepted(
    panel: RerecognitionPanel, person: Person, texts: Texts
) -> None:
    panel.show_rerun(RerunView(ONE.session, RerunState.RUNNING, 1, 1))
    panel.show_details(compared("the slow fox"))
    assert stage(panel) is PanelPart.WORKING
    panel.show_rerun(RerunView(ONE.session, RerunState.DONE))
    assert stage(panel) is PanelPart.COMPARING and texts("history.again.words", count=1) in panel.how.text()
    assert panel.difference.toPlainText() == "the quickslow fox" and person.used == []
    panel.accept.click()
    same = replace(compared("the slow fox"), text="the slow fox")
    panel.show_details(same)
    assert person.used == ["the slow fox"] and panel.undo.isVisible() and not panel.accept.isVisible()
    panel.undo.click()
    assert person.used == ["the slow fox", "mine"]
    panel.keep.click()
    assert stage(panel) is PanelPart.CLOSED and person.used == ["the slow fox", "mine"]


@pytest.mark.parametrize(("text", "key"), [("the quick fox", "same"), ("the quick fox.", "marks")])
def test_again_panel_says_when_no_words_differ(
    panel: RerecognitionPanel, texts: Texts, text: str, key: str
) -> None:
    panel.show_details(compared(text))
    panel.unfold()
    assert texts(f"history.again.{key}") in panel.how.text()


def test_again_panel_compares_each_of_several_runs(
    panel: RerecognitionPanel, person: Person, texts: Texts
) -> None:
    panel.show_details(compared("the slow fox", "a slow fox"))
    panel.unfold()
    assert panel.runs.isVisible() and panel.runs.count() == 2 and panel.runs.currentData() == "1"
    assert texts("history.again.missing", count=1) in panel.how.text()
    panel.runs.setCurrentIndex(1)
    panel.runs.activated.emit(1)
    assert person.asked == [FollowTake(ONE.session, 0)]
    panel.show_details(compared("the slow fox", "a slow fox", run=0))
    assert panel.runs.currentData() == "0"


def test_again_panel_keeps_state_per_take(panel: RerecognitionPanel) -> None:
    panel.show_rerun(RerunView(ONE.session, RerunState.RUNNING, 1, 2))
    panel.show_take(TWO)
    panel.show_details(compared("x"))  # details of the previous take
    assert stage(panel) is PanelPart.CLOSED
    panel.show_rerun(RerunView(ONE.session, RerunState.DONE))
    panel.show_take(ONE)
    panel.show_details(compared("the slow fox"))
    assert stage(panel) is PanelPart.COMPARING  # its recognition was started here
    panel.show_take(None)
    assert stage(panel) is PanelPart.CLOSED


@in_each_language
def test_again_panel_has_accessible_names_and_fits_large_font(
    qapp: QApplication, theme: Theme, texts: Texts, person: Person, qtbot: QtBot
) -> None:
    enlarge(2)
    made = RerecognitionPanel(theme, texts, person.asked.append, person.used.append, person.back)
    qtbot.addWidget(made)
    made.show_take(ONE)
    made.show_details(compared("the slow fox", "a slow fox"))
    made.unfold()
    made.resize(made.minimumSizeHint().width(), 1_000)
    qapp.processEvents()
    assert (
        all(button.width() >= button.minimumSizeHint().width() for button in seen(made)) and len(seen(made)) == 2
    )
    assert all(button.geometry().right() <= made.buttons.width() for button in seen(made))
    assert made.runs.accessibleName() and made.difference.accessibleName()
