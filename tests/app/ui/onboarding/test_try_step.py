import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.core.states import State
from app.dictation.actions import Verb
from app.dictation.gestures import TalkMode
from app.dictation.view import View
from app.messages.kinds import Action
from app.ui.onboarding.try_step import TryStep
from app.ui.settings.choices import DICTATE, Choices
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> TryStep:
    made = TryStep(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.show_choices(Choices(keys={DICTATE: "f9"}))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.show_seen(True)
    return made


@pytest.mark.parametrize("mode", TalkMode)
def test_sentence_step_explains_the_key(page: TryStep, texts: Texts, mode: TalkMode) -> None:
    page.show_choices(Choices(mode=mode, keys={DICTATE: "f9"}))
    assert page.description.text() == texts(f"onboarding.how.{mode.value}", key="F9")
    assert page.heading.text() == texts(f"onboarding.try.{mode.value}", key="F9") == page.accessibleName()
    page.show_impossible(Note("hotkeys-wayland"))
    assert page.description.text() == texts("onboarding.how.without-key")
    assert page.heading.text() == texts("onboarding.heading.sentence")


def test_box_gets_focus_when_recording_starts(page: TryStep, qtbot: QtBot, asked: list[Action]) -> None:
    page.start.setFocus()
    page.show_view(View(State.ARMING))
    qtbot.waitUntil(page.box.hasFocus)
    page.start.setFocus()
    page.start.click()
    qtbot.waitUntil(page.box.hasFocus)
    page.show_view(View())
    page.start.click()
    assert asked == [Verb.STOP, Verb.START]


def test_only_dictated_text_completes_sentence_step(page: TryStep, texts: Texts) -> None:
    page.box.setPlainText("typed by hand")
    page.show_view(View(State.DONE))
    assert not page.done.isVisible() and not page.complete, "nothing was dictated here"
    page.show_view(View(State.LISTENING, 2.0, -20.0))
    assert page.state.text() == texts("state.listening") and page.meter.level_dbfs == -20.0
    assert page.start.text() == texts("action.stop")
    page.show_view(View(State.DONE, 2.5))
    assert not page.done.isVisible(), "the text went elsewhere"
    page.show_view(View(State.LISTENING, 2.0, -20.0))
    page.box.insertPlainText("dictated")
    page.show_view(View(State.DONE, 2.5))
    assert page.done.text() == texts("onboarding.done", key="F9") == page.result and page.complete


def test_advice_names_reason_when_no_text_arrives(page: TryStep, texts: Texts) -> None:
    page.show_view(View(note=Note("nothing-understood")))
    assert page.advice.text() == texts("onboarding.nothing")
    page.show_view(View(note=Note("no-worker")))
    assert page.advice.text() == texts("note.no-worker")
    page.show_view(View())
    assert not page.advice.isVisible()


def test_held_text_is_pasted_into_box_once(page: TryStep, texts: Texts, asked: list[Action], qtbot: QtBot) -> None:
    page.show_view(View(State.HELD, held=1, note=Note("target-unknown")))
    assert page.advice.text() == texts("onboarding.held")
    page.paste.click()
    assert asked == [Verb.PASTE_HELD]
    QGuiApplication.clipboard().setText("kia ora")
    page.show_view(View(note=Note("copied")))
    assert page.box.toPlainText() == "kia ora" and page.done.isVisible()
    assert not page.advice.isVisible(), "nothing remains to be pasted"
    page.show_view(View(note=Note("copied")))
    assert page.box.toPlainText() == "kia ora"


def test_return_in_the_box_leads_on_once_words_have_arrived(page: TryStep, qtbot: QtBot) -> None:
    went = list[bool]()
    page.next_wanted.connect(lambda: went.append(True))
    QTest.keyClick(page.box, Qt.Key.Key_Return)
    page.show_view(View(State.LISTENING, 2.0, -20.0))
    page.box.insertPlainText("dictated")
    page.show_view(View(State.DONE, 2.5))
    page.show_view(View(State.LISTENING, 1.0))
    QTest.keyClick(page.box, Qt.Key.Key_Return)
    assert (went, page.box.toPlainText()) == ([], "dictated"), "nothing has arrived, or a recording is under way"
    page.show_view(View())
    QTest.keyClick(page.box, Qt.Key.Key_Return)
    assert went == [True]


def test_typed_line_break_stays_in_the_box(page: TryStep) -> None:
    QTest.keyClick(page.box, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert page.box.toPlainText() == "\n"


def test_another_computer_is_one_click_away(page: TryStep, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.other_computer_wanted):
        page.place.click()
