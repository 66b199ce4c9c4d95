"""The first steps appear for new users and on request."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.messages.actions import Action
from app.messages.notifications import Problem
from app.onboarding.steps import FIRST_STEP, WELCOMED, Step
from app.settings.actions import ChangeSetting
from app.settings.sections import GeneralSection, Settings
from app.ui.onboarding.controller import FirstSteps, RestartCard
from app.ui.settings.choices import Choices
from app.ui.shell.shell import Shell
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

WELCOME = replace(Settings(), general=GeneralSection(welcomed=True))


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def shell(theme: Theme, texts: Texts, qtbot: QtBot) -> Shell:
    made = Shell(theme, texts, lambda action: None, hides=True)
    qtbot.addWidget(made)
    made.add("home", QLabel("home"))
    made.add("settings", QLabel("settings"))
    made.show()
    return made


@pytest.fixture
def steps(theme: Theme, texts: Texts, shell: Shell, asked: list[Action]) -> FirstSteps:
    return FirstSteps(theme, texts, asked.append, shell)


def test_first_steps_are_not_created_for_welcomed_user(steps: FirstSteps, shell: Shell) -> None:
    steps.show(WELCOME)
    assert (steps.page, shell.covered, shell.page) == (None, False, "home")


def test_first_steps_resume_at_saved_step_with_earlier_values(steps: FirstSteps, shell: Shell) -> None:
    steps.show(Choices((("USB", "USB"),)))
    steps.show(Problem("hotkeys", note=Note("hotkeys-wayland")))
    steps.show(Problem("gateway", note=Note("gateway-failed")))
    steps.show(replace(Settings(), general=GeneralSection(first_step="hotkey")))
    assert steps.page is not None and steps.page.isVisible()
    assert (steps.page.step, shell.covered, shell.page) == (Step.HOTKEY, True, "")
    assert steps.page.microphone.microphone.count() == 2
    assert steps.page.hotkey.first is steps.page.hotkey.copy


def test_first_steps_open_before_settings_and_keep_their_step(steps: FirstSteps, shell: Shell) -> None:
    steps.open()
    assert steps.page is not None
    steps.page.next.click()
    steps.show(Settings())
    assert (shell.covered, steps.page.step) == (True, Step.MICROPHONE), "the steps do not start again"
    steps.show(WELCOME)
    assert not shell.covered


def test_postponed_first_steps_stay_closed_when_settings_are_unwritable(steps: FirstSteps, shell: Shell) -> None:
    steps.show(Settings())
    assert steps.page is not None
    steps.page.later.click()
    assert not shell.covered
    steps.show(replace(Settings(), general=GeneralSection(sounds=False)))
    assert not shell.covered


def test_requested_page_replaces_first_steps(steps: FirstSteps, shell: Shell) -> None:
    steps.show(Settings())
    shell.appear()
    assert shell.covered
    shell.appear("settings")
    assert shell.page == "settings"


def test_first_steps_open_again_on_request(
    steps: FirstSteps, shell: Shell, texts: Texts, asked: list[Action], qtbot: QtBot
) -> None:
    steps.show(WELCOME)
    again = RestartCard(texts, asked.append)
    qtbot.addWidget(again)
    again.button.click()
    assert asked == [ChangeSetting(FIRST_STEP, "language"), ChangeSetting(WELCOMED, False)]
    assert all(again.words())
    steps.show(Settings())
    assert shell.covered
