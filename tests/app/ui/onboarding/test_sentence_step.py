import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.core.states import State
from app.dictation.actions import Verb
from app.dictation.gestures import TalkMode
from app.dictation.view import View
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.actions import Action
from app.ui.onboarding.sentence_step import SentenceStep
from app.ui.settings.choices import DICTATE, Choices
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

IDLE = WorkerView(LocalWorkerState.IDLE)


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> SentenceStep:
    made = SentenceStep(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.show_choices(Choices(keys={DICTATE: "f9"}))
    made.show_worker(IDLE)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.show_seen(True)
    return made


@pytest.mark.parametrize("mode", TalkMode)
def test_sentence_step_explains_the_key(page: SentenceStep, texts: Texts, mode: TalkMode) -> None:
    page.show_choices(Choices(mode=mode, keys={DICTATE: "f9"}))
    assert page.says.text() == texts(f"onboarding.how.{mode.value}", key="F9")
    page.show_impossible(Note("hotkeys-wayland"))
    assert page.says.text() == texts("onboarding.how.without-key")


def test_box_gets_focus_when_recording_starts(page: SentenceStep, qtbot: QtBot, asked: list[Action]) -> None:
    page.start.setFocus()
    page.show_view(View(State.ARMING))
    qtbot.waitUntil(page.box.hasFocus)
    page.start.setFocus()
    page.start.click()
    qtbot.waitUntil(page.box.hasFocus)
    page.show_view(View())
    page.start.click()
    assert asked == [Verb.STOP, Verb.START]


def test_only_dictated_text_completes_sentence_step(page: SentenceStep, texts: Texts) -> None:
    page.box.setPlainText("typed by hand")
    page.show_view(View(State.DONE))
    assert not page.done.isVisible(), "nobody has spoken here"
    page.show_view(View(State.LISTENING, 2.0, -20.0))
    assert page.state.text() == texts("state.listening") and page.meter.level_dbfs == -20.0
    assert page.start.text() == texts("action.stop")
    page.show_view(View(State.DONE, 2.5))
    assert not page.done.isVisible(), "the text went elsewhere"
    page.show_view(View(State.LISTENING, 2.0, -20.0))
    page.box.insertPlainText("dictated")
    page.show_view(View(State.DONE, 2.5))
    assert page.done.text() == texts("onboarding.done", key="F9")


def test_advice_names_reason_when_no_text_arrives(page: SentenceStep, texts: Texts) -> None:
    page.show_view(View(note=Note("nothing-understood")))
    assert page.advice.text() == texts("onboarding.nothing")
    page.show_view(View(note=Note("no-worker")))
    assert page.advice.text() == texts("note.no-worker")
    page.show_view(View())
    for worker, said in (
        (WorkerView(LocalWorkerState.DOWNLOADING, percent=85), texts("onboarding.still-fetching", percent=85)),
        (WorkerView(LocalWorkerState.STARTING), texts("onboarding.still-starting")),
        (WorkerView(), texts("onboarding.nobody", state=texts("worker.off"))),
    ):
        page.show_worker(worker)
        assert page.advice.text() == said
    page.show_place("https://desktop-gpu:8765")
    assert not page.advice.isVisible()


def test_held_text_is_pasted_into_box_once(
    page: SentenceStep, texts: Texts, asked: list[Action], qtbot: QtBot
) -> None:
    page.show_view(View(State.HELD, held=1, note=Note("target-unknown")))
    assert page.advice.text() == texts("onboarding.held")
    page.paste.click()
    assert asked == [Verb.PASTE_HELD]
    QGuiApplication.clipboard().setText("kia ora")
    page.show_view(View(note=Note("copied")))
    assert page.box.toPlainText() == "kia ora" and page.done.isVisible()
    page.show_view(View(note=Note("copied")))
    assert page.box.toPlainText() == "kia ora"
