"""First steps from beginning to end: keyboard, postponing, continuing, and tests that run only while visible."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.dictation.actions import TestHotkeys
from app.dictation.view import View
from app.gateways.actions import GatewayAction
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.actions import Action
from app.messages.notifications import Problem
from app.models.actions import LookAtModels, ModelAction
from app.models.view import LocalModelView, ModelFacts, ModelsView
from app.onboarding.actions import TryGateway, TryMicrophone
from app.onboarding.steps import FIRST_STEP, WELCOMED, Step
from app.onboarding.view import GatewayTrial, MicrophoneActivity, MicrophoneTrial
from app.settings.actions import ChangeSetting
from app.settings.sections import Settings
from app.ui.onboarding.pages import Onboarding
from app.ui.settings.choices import DICTATE, Choices
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def models() -> list[ModelAction | GatewayAction]:
    return []


@pytest.fixture
def page(theme: Theme, asked: list[Action], models: list[ModelAction | GatewayAction], qtbot: QtBot) -> Onboarding:
    made = Onboarding(theme, Texts("en"), asked.append, models.append)
    qtbot.addWidget(made)
    made.resize(900, 640)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def front(page: Onboarding) -> list[Step]:
    return [step for step, one in page.pages.items() if one.isVisible()]


def test_keyboard_walks_through_all_first_steps(page: Onboarding, asked: list[Action], qtbot: QtBot) -> None:
    left = []
    page.over.connect(lambda: left.append(True))
    for step in Step:
        assert front(page) == [step]
        first = page.pages[step].first
        qtbot.waitUntil(first.hasFocus)
        page.next.setFocus()
        QTest.keyClick(page.next, Qt.Key.Key_Space)
    steps = [action.value for action in asked if isinstance(action, ChangeSetting)]
    assert steps == ["microphone", "hotkey", "place", "sentence", "language", True]
    assert left == [True]


def test_step_tests_run_only_while_step_is_visible(
    page: Onboarding, asked: list[Action], models: list[ModelAction | GatewayAction]
) -> None:
    for action, step, off in (
        (TryMicrophone(True), Step.MICROPHONE, TryMicrophone(False)),
        (TestHotkeys(True), Step.HOTKEY, TestHotkeys(False)),
    ):
        page.begin_at(step)
        assert asked[-1] == action
        page.hide()
        assert asked[-1] == off
        page.show()
        assert asked[-1] == action
    page.begin_at(Step.PLACE)
    assert asked[-2:] == [TestHotkeys(False), TryGateway("")]
    page.later.click()
    assert models == [LookAtModels(True), LookAtModels(False)]


def test_postponed_first_steps_keep_current_step(page: Onboarding, asked: list[Action], qtbot: QtBot) -> None:
    page.next.click()
    with qtbot.waitSignal(page.over):
        page.later.click()
    assert [action for action in asked if isinstance(action, ChangeSetting)] == [
        ChangeSetting(FIRST_STEP, "microphone"),
        ChangeSetting(WELCOMED, True),
    ]
    page.back.click()
    assert front(page) == [Step.LANGUAGE] and not page.back.isVisible()


def test_ctrl_return_goes_to_next_step_from_any_focus(page: Onboarding, qtbot: QtBot) -> None:
    for step in Step:
        assert front(page) == [step]
        first = page.pages[step].first
        qtbot.waitUntil(first.hasFocus)
        with qtbot.waitSignal(page.next.clicked):
            QTest.keyClick(first, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.sentence.box.toPlainText() == ""


def test_first_steps_change_language_at_once(page: Onboarding) -> None:
    page.texts.choose("zh")
    assert page.next.text() == page.texts("onboarding.next") == "下一步"


def test_news_reach_the_step_that_shows_them(page: Onboarding) -> None:
    page.show_settings(Settings())
    page.show_choices(Choices((("USB", "USB"),), keys={DICTATE: "f9"}))
    page.begin_at(Step.MICROPHONE)
    page.show_microphone(MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -20.0))
    assert page.microphone.meter.level_dbfs == -20.0
    page.where.url.setText("gpu:1")
    page.show_gateway(GatewayTrial("https://gpu:1", True))
    assert page.where.use.isEnabled()
    page.show_worker(WorkerView(LocalWorkerState.DOWNLOADING, percent=3))
    assert page.where.progress.value() == 3
    page.show_models(ModelsView((LocalModelView(ModelFacts("whisper-base"), chosen=True),)))
    assert list(page.where.cards) == ["whisper-base"]
    page.show_problem(Problem("gateway", "something else"))
    assert page.pages[Step.HOTKEY].first == page.hotkey.key
    page.show_problem(Problem("hotkeys", note=Note("hotkeys-wayland")))
    assert page.pages[Step.HOTKEY].first == page.hotkey.copy
    page.begin_at(Step.SENTENCE)
    page.show_view(View(held=1))
    assert page.sentence.paste.isVisible()
