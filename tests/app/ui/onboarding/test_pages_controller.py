"""The first steps appear for new users and on request."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.messages.kinds import Action, Problem
from app.onboarding.steps import STEPS, Step
from app.settings.sections import GeneralSection, Settings
from app.ui.onboarding.pages import FirstSteps
from app.ui.settings.choices import HOTKEYS, Choices
from app.ui.shell.shell import Shell
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language

WELCOME = replace(Settings(), general=GeneralSection(welcomed=True))


@pytest.fixture
def shell(theme: Theme, texts: Texts, qtbot: QtBot) -> Shell:
    made = Shell(theme, texts, lambda action: None)
    qtbot.addWidget(made)
    made.add("home", QLabel("home"))
    made.add("settings", QLabel("settings"))
    made.show()
    return made


@pytest.fixture
def steps(theme: Theme, texts: Texts, shell: Shell, asked: list[Action]) -> FirstSteps:
    steps = FirstSteps(theme, texts, asked.append, shell)
    steps.other_computer_wanted.connect(lambda: shell.choose("settings"))
    steps.key_lines_wanted.connect(lambda: shell.choose("settings"))
    return steps


def general(**values: str | tuple[str, ...]) -> Settings:
    return replace(Settings(), general=replace(GeneralSection(), **values))  # type: ignore[arg-type]  # of its fields


def test_first_steps_are_not_created_for_welcomed_user(steps: FirstSteps, shell: Shell) -> None:
    steps.show(WELCOME)
    assert (steps.page, shell.covered, shell.page) == (None, False, "home")


def test_first_steps_continue_at_the_saved_step(steps: FirstSteps) -> None:
    steps.show(general(first_step="sentence"))
    assert steps.page is not None and (steps.page.step, steps.page.progress.steps) == (Step.TRY, STEPS)


def test_first_steps_resume_at_saved_step_with_earlier_values(steps: FirstSteps, shell: Shell) -> None:
    steps.show(Choices((("USB", "USB"),)))
    steps.show(Problem("hotkeys", note=Note("hotkeys-wayland")))
    steps.show(Problem("gateway", note=Note("gateway-failed")))
    steps.show(general(first_step="hotkey"))
    assert steps.page is not None and steps.page.isVisible()
    assert (steps.page.step, shell.covered, shell.page) == (Step.KEY, True, "")
    assert steps.page.welcome.microphone.microphone.count() == 2
    assert steps.page.key.first is steps.page.key.set_up


def test_first_steps_open_before_settings_and_keep_their_step(steps: FirstSteps, shell: Shell) -> None:
    steps.open()
    assert steps.page is not None
    steps.page.next.click()
    steps.show(Settings())
    assert (shell.covered, steps.page.step) == (True, Step.KEY), "the steps do not start again"
    steps.show(WELCOME)
    assert not shell.covered


@in_each_language
def test_first_steps_leave_the_window_its_usual_size(steps: FirstSteps, shell: Shell) -> None:
    steps.open()
    layout = shell.layout()
    assert layout is not None and not layout.hasHeightForWidth(), "it would be as low as the steps can be"


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


def test_exactly_the_open_steps_open_on_request(steps: FirstSteps, shell: Shell) -> None:
    steps.show(WELCOME)
    steps.show(general(first_step="hotkey", open_steps=("hotkey",)))
    assert shell.covered and steps.page is not None
    assert (steps.page.progress.steps, steps.page.step) == ((Step.KEY,), Step.KEY)


def test_lines_for_the_key_open_from_its_step(steps: FirstSteps, shell: Shell) -> None:
    steps.show(general(first_step="hotkey"))
    steps.show(Problem(HOTKEYS, note=Note("hotkeys-wayland")))
    assert steps.page is not None
    steps.page.key.set_up.click()
    assert not shell.covered and shell.page == "settings"
    assert Step.KEY in steps.page.progress.open(), "the step can be done afterwards"


def test_other_computers_open_from_the_last_step(steps: FirstSteps, shell: Shell) -> None:
    steps.show(general(first_step="sentence"))
    assert steps.page is not None
    steps.page.attempt.place.click()
    assert not shell.covered and shell.page == "settings"
