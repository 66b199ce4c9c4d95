from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from app.messages.kinds import Action
from app.settings.sections import ChangeSetting, RecognitionSection, Settings
from app.ui.onboarding.welcome_step import SPOKEN, SpokenPart
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.showing import displayed


def speaking(*languages: str, single: str = "auto") -> Settings:
    return replace(Settings(), recognition=RecognitionSection(single, languages))


@pytest.fixture
def part(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> SpokenPart:
    return displayed(qtbot, SpokenPart(theme, texts, asked.append))


def ticked(part: SpokenPart) -> list[str]:
    return [code for code, tick in part.ticks.items() if tick.isChecked()]


def test_languages_of_the_system_are_ticked_until_the_settings_are_known(
    theme: Theme, texts: Texts, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.settings.languages._of_system", lambda: "zh")
    made = SpokenPart(theme, texts, lambda action: None)
    qtbot.addWidget(made)
    assert ticked(made) == ["zh", "en"]


def test_languages_in_effect_are_ticked(part: SpokenPart, texts: Texts) -> None:
    part.show_settings(speaking("zh", "en"))
    assert ticked(part) == ["en", "zh"]
    assert part.ticks["zh"].text() == texts("spoken.zh") == part.ticks["zh"].accessibleName()
    part.show_settings(speaking())
    assert ticked(part) == [""] and part.ticks[""].text() == texts("onboarding.any-language")


def test_click_adds_or_removes_a_language(part: SpokenPart, asked: list[Action]) -> None:
    part.show_settings(speaking("en"))
    part.ticks["zh"].click()
    assert asked == [ChangeSetting(SPOKEN, "en\nzh")]
    assert ticked(part) == ["en"], "until the setting is in effect"
    part.ticks["en"].click()
    assert asked[1:] == [ChangeSetting(SPOKEN, "zh")], "the first click is not answered yet"
    part.show_settings(speaking("en", "zh"))
    part.ticks["zh"].click()
    assert asked[2:] == [ChangeSetting(SPOKEN, "")], "the second click is not answered yet"
    part.ticks[""].click()
    assert asked[3:] == [ChangeSetting(SPOKEN, "")]


def test_language_fixed_in_settings_can_be_removed(part: SpokenPart, asked: list[Action]) -> None:
    part.show_settings(speaking("en", single="de"))
    assert ticked(part) == ["en", "de"]
    part.ticks["de"].click()
    assert asked == [ChangeSetting("recognition.language", "auto"), ChangeSetting(SPOKEN, "en")]


def test_other_language_is_added_from_the_list(part: SpokenPart, asked: list[Action], texts: Texts) -> None:
    part.show_settings(speaking("en"))
    place = part.other.findData("ja")
    assert part.other.itemText(place) == texts("spoken.ja") and part.other.findData("en") < 0
    part.other.setCurrentIndex(place)
    part.other.activated.emit(place)
    assert asked == [ChangeSetting(SPOKEN, "en\nja")]
    before = part.ticks["zh"]
    part.show_settings(speaking("en", "ja"))
    assert ticked(part) == ["en", "ja"] and part.other.currentData() == "" and part.other.findData("ja") < 0
    assert part.ticks["zh"] is before, "no tick is made again"
    part.show_settings(speaking("en"))
    assert "ja" in part.ticks, "what was offered stays"


def test_list_keeps_focus_when_a_language_is_added(part: SpokenPart, qtbot: QtBot) -> None:
    part.activateWindow()
    part.other.setFocus()
    qtbot.waitUntil(part.other.hasFocus)
    part.show_settings(speaking("en", "ja"))
    assert part.other.hasFocus()
