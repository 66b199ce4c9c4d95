"""First steps from beginning to end: keyboard, skipping, postponing, and tests that run only while visible."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.core.states import State
from app.dictation.actions import TestHotkeys, Verb
from app.dictation.hotkey_test import KeySeen, KeysSeen
from app.dictation.view import View
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.kinds import Action, Problem
from app.models.view import LocalModelView, ModelFacts, ModelState, ModelsView, WatchModels
from app.onboarding.steps import (
    FIRST_STEP,
    OPEN_STEPS,
    STEPS,
    WELCOMED,
    MicrophoneActivity,
    MicrophoneTrial,
    Step,
    StepProgress,
    TryMicrophone,
)
from app.settings.sections import ChangeSetting, GatewaySection, GeneralSection, Settings
from app.ui.onboarding.pages import Onboarding
from app.ui.settings.choices import DICTATE, Choices
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

KEYS = Choices((("USB", "USB"),), keys={DICTATE: "f9", "cancel": "esc"})
PRESSED = KeysSeen(True, (KeySeen(DICTATE, 0.1),))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def page(theme: Theme, asked: list[Action], said: list[str], qtbot: QtBot) -> Onboarding:
    made = Onboarding(theme, Texts("en"), asked.append, said.append)
    qtbot.addWidget(made)
    made.show_settings(Settings())
    made.show_choices(KEYS)
    made.resize(900, 640)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def front(page: Onboarding) -> list[Step]:
    return [step for step, one in page.pages.items() if one.isVisible()]


def changes(asked: list[Action]) -> list[ChangeSetting]:
    return [action for action in asked if isinstance(action, ChangeSetting)]


def dictate(page: Onboarding, text: str) -> None:
    page.attempt.show_view(View(State.LISTENING, 2.0, -20.0))
    page.attempt.box.insertPlainText(text)
    page.attempt.show_view(View(State.DONE, 2.5))


def has_focus(qtbot: QtBot, widget: QWidget) -> QWidget:
    qtbot.waitUntil(widget.hasFocus)
    return widget


def test_return_walks_through_all_first_steps(page: Onboarding, asked: list[Action], qtbot: QtBot) -> None:
    QTest.keyClick(has_focus(qtbot, page.next), Qt.Key.Key_Space)
    assert front(page) == [Step.KEY] and page.next.text() == page.texts("onboarding.skip")
    page.show_keys(PRESSED)
    assert (page.next.text(), page.next.property("role")) == (page.texts("onboarding.next"), "primary")
    QTest.keyClick(has_focus(qtbot, page.key.caps), Qt.Key.Key_Return)
    assert front(page) == [Step.TRY]
    box = has_focus(qtbot, page.attempt.box)
    dictate(page, "kia ora")
    assert page.next.text() == page.texts("onboarding.finish")
    with qtbot.waitSignal(page.finished):
        QTest.keyClick(box, Qt.Key.Key_Return)
    assert changes(asked) == [
        ChangeSetting(OPEN_STEPS, "hotkey\nsentence"),
        ChangeSetting(FIRST_STEP, "hotkey"),
        ChangeSetting(OPEN_STEPS, "sentence"),
        ChangeSetting(FIRST_STEP, "sentence"),
        ChangeSetting(OPEN_STEPS, ""),
        ChangeSetting(FIRST_STEP, "language"),
        ChangeSetting(WELCOMED, True),
    ]


def test_skipped_steps_stay_open(page: Onboarding, asked: list[Action]) -> None:
    page.welcome.show_trial(MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -90.0, quiet=True))
    for _ in STEPS:
        assert page.next.text() == page.texts("onboarding.skip") and page.next.property("role") == ""
        page.next.click()
    assert changes(asked)[-3:] == [
        ChangeSetting(OPEN_STEPS, "language\nhotkey\nsentence"),
        ChangeSetting(FIRST_STEP, "language"),
        ChangeSetting(WELCOMED, True),
    ]


def test_only_the_open_steps_are_gone_through(page: Onboarding, asked: list[Action], qtbot: QtBot) -> None:
    page.show_settings(Settings(GeneralSection(open_steps=("hotkey", "sentence"))))
    page.begin(StepProgress((Step.KEY,), Step.KEY))
    assert front(page) == [Step.KEY] and not page.back.isVisible() and not page.later.isVisible()
    page.show_keys(PRESSED)
    assert page.next.text() == page.texts("onboarding.finish")
    with qtbot.waitSignal(page.finished):
        page.next.click()
    assert changes(asked)[0] == ChangeSetting(OPEN_STEPS, "sentence"), "that one was not gone through"


def test_finished_step_stays_finished_when_the_user_goes_back(page: Onboarding) -> None:
    page.begin(StepProgress(at=Step.KEY))
    page.show_keys(PRESSED)
    page.next.click()
    page.back.click()
    assert front(page) == [Step.KEY] and page.next.text() == page.texts("onboarding.next")


@pytest.mark.parametrize("step", [Step.WELCOME, Step.TRY])
def test_escape_postpones_the_open_steps(page: Onboarding, asked: list[Action], qtbot: QtBot, step: Step) -> None:
    page.begin(StepProgress(at=step, done=frozenset(STEPS[: STEPS.index(step)])))
    focused = has_focus(qtbot, page.pages[step].first or page.next)
    with qtbot.waitSignal(page.finished):
        QTest.keyClick(focused, Qt.Key.Key_Escape)
    left = "\n".join(STEPS[STEPS.index(step) :])
    assert changes(asked) == [
        ChangeSetting(OPEN_STEPS, left),
        ChangeSetting(FIRST_STEP, step.value),
        ChangeSetting(WELCOMED, True),
    ]


def test_escape_postpones_during_key_test_which_binds_it(page: Onboarding, qtbot: QtBot) -> None:
    page.begin(StepProgress(at=Step.KEY))
    page.show_keys(PRESSED)
    with qtbot.waitSignal(page.finished):
        page.show_keys(KeysSeen(True, (KeySeen("cancel"),)))


def test_escape_cancels_a_running_recording(page: Onboarding, asked: list[Action], qtbot: QtBot) -> None:
    page.begin(StepProgress(at=Step.TRY))
    page.attempt.show_view(View(State.LISTENING, 2.0, -20.0))
    QTest.keyClick(has_focus(qtbot, page.attempt.box), Qt.Key.Key_Escape)
    assert asked[-1] is Verb.CANCEL and front(page) == [Step.TRY]


def test_ctrl_return_goes_to_next_step_from_any_focus(page: Onboarding, qtbot: QtBot) -> None:
    for step in Step:
        assert front(page) == [step]
        focused = has_focus(qtbot, page.pages[step].first or page.next)
        with qtbot.waitSignal(page.next.clicked):
            QTest.keyClick(focused, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.attempt.box.toPlainText() == ""


@pytest.mark.parametrize(
    ("key", "held"),
    [
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier),
    ],
)
def test_keys_elsewhere_in_the_window_leave_the_step(
    page: Onboarding, asked: list[Action], qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier
) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    elsewhere = QLineEdit(around)
    page.setParent(around)
    page.show()
    around.show()
    around.activateWindow()
    elsewhere.setFocus()
    QTest.keyClick(has_focus(qtbot, elsewhere), key, held)
    assert front(page) == [Step.WELCOME] and not changes(asked)
    page.setParent(None)


def test_step_tests_run_only_while_step_is_visible(page: Onboarding, asked: list[Action]) -> None:
    assert asked == [TryMicrophone(True), WatchModels(True)]
    page.hide()
    assert asked[2:] == [TryMicrophone(False), WatchModels(False)]
    page.show()
    assert asked[4:] == [TryMicrophone(True), WatchModels(True)]
    page.begin(StepProgress(at=Step.KEY))
    assert asked[6:] == [TryMicrophone(False), TestHotkeys(True)]
    page.later.click()
    assert asked[-2:] == [TestHotkeys(False), WatchModels(False)], "before another page starts its own"


def test_screen_reader_hears_each_step_and_its_result(page: Onboarding, said: list[str]) -> None:
    texts = page.texts
    named = texts("onboarding.step.language")
    assert said[0].startswith(texts("onboarding.trail", number=1, all=3, step=named))
    page.next.click()
    assert texts("onboarding.says.hotkey") in said[1] and len(said) == 2
    page.show_keys(PRESSED)
    page.show_keys(PRESSED)
    assert said[2:] == [texts("onboarding.arrived", key="F9")]


def test_no_step_has_a_field_to_fill_in(page: Onboarding) -> None:
    fields = [one for one in page.findChildren(QLineEdit) if not one.isReadOnly()]
    boxes = [*page.findChildren(QPlainTextEdit), *page.findChildren(QTextEdit)]
    assert fields == [] and boxes == [page.attempt.box], "that one shows the words"


def test_other_computers_are_reached_after_the_steps_are_postponed(
    page: Onboarding, asked: list[Action], qtbot: QtBot
) -> None:
    page.begin(StepProgress(at=Step.TRY))
    with qtbot.waitSignals([page.finished, page.other_computer_wanted], order="strict"):
        page.attempt.place.click()
    assert changes(asked)[-1] == ChangeSetting(WELCOMED, True)


def test_first_steps_change_language_at_once(page: Onboarding) -> None:
    page.texts.choose("zh")
    assert page.next.text() == page.texts("onboarding.next") == "下一步"


def test_news_reach_the_step_that_shows_them(page: Onboarding, asked: list[Action]) -> None:
    page.welcome.show_trial(MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -20.0))
    assert page.welcome.microphone.meter.level_dbfs == -20.0
    asked.clear()
    page.show_worker(WorkerView(LocalWorkerState.DOWNLOADING, percent=3))
    assert page.foot.now.percent == 3 and asked == [WatchModels(True)], "no answer had arrived yet"
    model = LocalModelView(ModelFacts("whisper-base", size=10), ModelState.FETCHING, 5, chosen=True)
    page.show_models(ModelsView((model,)))
    assert page.foot.now.percent == 50
    page.show_settings(Settings(gateway=GatewaySection(url="https://desktop-gpu:8765")))
    assert page.foot.description.text() == page.texts("onboarding.foot.elsewhere")
    page.show_problem(Problem("gateway", "something else"))
    first = [page.key.first]
    page.show_problem(Problem("hotkeys", note=Note("hotkeys-wayland")))
    assert [*first, page.key.first] == [page.key.caps, page.key.set_up]
    page.begin(StepProgress(at=Step.TRY))
    page.attempt.show_view(View(held=1))
    assert page.attempt.paste.isVisible()


def test_first_steps_follow_a_larger_text_size(page: Onboarding, theme: Theme) -> None:
    before = page.trail.height(), page.welcome.heading.height()
    theme.choose_text_size("largest")
    QApplication.processEvents()
    assert page.trail.height() > before[0] and page.welcome.heading.height() > before[1]
    theme.choose_text_size("normal")


def test_result_of_the_last_step_is_in_sight_on_a_low_screen(page: Onboarding, qtbot: QtBot) -> None:
    page.begin(StepProgress(at=Step.TRY))
    page.resize(700, 300)
    dictate(page, "kia ora")
    done = page.attempt.done
    qtbot.waitUntil(lambda: done.visibleRegion().boundingRect() == done.rect())
