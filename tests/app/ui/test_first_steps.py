"""When the first steps come, and when they do not."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.actions import Action, ChangeSetting
from app.news import Problem
from app.onboarding.steps import FIRST_STEP, WELCOMED, Step
from app.settings.sections import General, Settings
from app.ui.choices import Choices
from app.ui.first_steps import Again, FirstSteps
from app.ui.shell import Shell
from app.ui.texts import Texts
from app.ui.theme import Theme
from app.view import Note

WELCOME = replace(Settings(), general=General(welcomed=True))


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def shell(theme: Theme, texts: Texts, qtbot: QtBot) -> Shell:
    made = Shell(theme, texts, lambda action: None, hides=True)
    qtbot.addWidget(made)
    made.add("dictation", QLabel("dictation"))
    made.add("settings", QLabel("settings"))
    made.show()
    return made


@pytest.fixture
def steps(theme: Theme, texts: Texts, shell: Shell, asked: list[Action]) -> FirstSteps:
    return FirstSteps(theme, texts, asked.append, lambda action: None, shell)


def test_whoever_has_seen_them_is_spared_and_they_are_not_even_made(steps: FirstSteps, shell: Shell) -> None:
    steps.show(WELCOME)
    assert (steps.page, shell.covered, shell.page) == (None, False, "dictation")


def test_they_begin_where_they_were_left_with_what_was_told_before(steps: FirstSteps, shell: Shell) -> None:
    steps.show(Choices((("USB", "USB"),)))
    steps.show(Problem("hotkeys", note=Note("hotkeys-wayland")))
    steps.show(Problem("gateway", note=Note("gateway-failed")))
    steps.show(replace(Settings(), general=General(first_step="hotkey")))
    assert steps.page is not None and steps.page.isVisible()
    assert (steps.page.step, shell.covered, shell.page) == (Step.HOTKEY, True, "")
    assert steps.page.microphone.microphone.count() == 2
    assert steps.page.hotkey.first is steps.page.hotkey.copy


def test_a_fresh_home_need_not_wait_for_its_settings(steps: FirstSteps, shell: Shell) -> None:
    steps.open()
    assert steps.page is not None
    steps.page.next.click()
    steps.show(Settings())
    assert (shell.covered, steps.page.step) == (True, Step.MICROPHONE), "nothing begins anew"
    steps.show(WELCOME)
    assert not shell.covered


def test_put_off_they_stay_away_also_where_nothing_can_be_written(steps: FirstSteps, shell: Shell) -> None:
    steps.show(Settings())
    assert steps.page is not None
    steps.page.later.click()
    assert not shell.covered
    steps.show(replace(Settings(), general=General(sounds=False)))
    assert not shell.covered


def test_another_page_that_somebody_asks_for_goes_first(steps: FirstSteps, shell: Shell) -> None:
    steps.show(Settings())
    shell.appear()
    assert shell.covered
    shell.appear("settings")
    assert shell.page == "settings"


def test_they_are_shown_again_when_somebody_asks(
    steps: FirstSteps, shell: Shell, texts: Texts, asked: list[Action], qtbot: QtBot
) -> None:
    steps.show(WELCOME)
    again = Again(texts, asked.append)
    qtbot.addWidget(again)
    again.button.click()
    assert asked == [ChangeSetting(FIRST_STEP, "language"), ChangeSetting(WELCOMED, False)]
    assert all(again.words())
    steps.show(Settings())
    assert shell.covered
