from pytestqt.qtbot import QtBot

from app.core.sentences import entries
from app.messages.actions import Action
from app.settings.actions import ChangeSetting
from app.ui.onboarding.language_step import LanguageStep
from app.ui.settings.choices import LANGUAGE, Choices
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


def test_language_step_asks_in_both_languages(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    asked: list[Action] = []
    page = LanguageStep(theme, texts, asked.append)
    qtbot.addWidget(page)
    said = {page.heading.text(), page.other_heading.text()}
    assert said == {entries(language)["onboarding.heading.language"] for language in ("en", "zh")}
    assert [option.text() for option in page.options.values()][1:] == ["English", "简体中文"]
    page.options["zh"].click()
    assert asked == [ChangeSetting(LANGUAGE, "zh")]
    page.show_choices(Choices(language="en"))
    assert page.options["en"].isChecked() and page.first is page.options["en"]
