import pytest
from pytestqt.qtbot import QtBot

from app.messages.kinds import Action
from app.onboarding.steps import MicrophoneActivity, MicrophoneTrial, TryMicrophone
from app.settings.sections import ChangeSetting, Settings
from app.ui.onboarding.welcome_step import WelcomeStep
from app.ui.settings.choices import LANGUAGE, Choices
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language

QUIET = MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -90.0, quiet=True)


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> WelcomeStep:
    made = WelcomeStep(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.spoken.show_settings(Settings())
    made.show_choices(Choices((("USB", "USB"),)))
    made.show()
    made.show_seen(True)
    return made


@in_each_language
def test_language_in_effect_is_checked_and_named_in_both_languages(page: WelcomeStep, texts: Texts) -> None:
    assert [tag for tag, option in page.options.items() if option.isChecked()] == [texts.language]
    assert page.names["windows"].text() in {"Language · 界面语言", "界面语言 · Language"}


def test_other_language_is_chosen_by_one_click(page: WelcomeStep, asked: list[Action]) -> None:
    asked.clear()
    for tag, option in page.options.items():
        option.click()
        assert asked[-1] == ChangeSetting(LANGUAGE, tag)


def test_microphone_is_open_only_while_step_is_visible(page: WelcomeStep, asked: list[Action]) -> None:
    page.show_seen(False)
    assert asked == [TryMicrophone(True), TryMicrophone(False)]


def test_step_needs_no_click_unless_the_microphone_fails(page: WelcomeStep, qtbot: QtBot) -> None:
    assert [page.first, page.complete] == [None, True]
    with qtbot.waitSignal(page.changed):
        page.show_trial(QUIET)
    assert [page.complete] == [False]
    with qtbot.waitSignal(page.changed):
        page.show_trial(MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -20.0, heard=True))
    assert [page.complete] == [True] and page.microphone.meter.level_dbfs == -20.0
    assert page.microphone.microphone.count() == 2 and "en" in page.spoken.ticks
