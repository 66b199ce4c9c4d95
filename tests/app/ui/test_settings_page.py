"""The settings page: sections, panels of others."""

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.actions import Action
from app.ui.settings_page import SettingsPage
from app.ui.texts import Texts
from app.ui.theme import Theme


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> SettingsPage:
    made = SettingsPage(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    return made


def test_panels_of_others_are_in_their_section(page: SettingsPage, texts: Texts) -> None:
    button = QPushButton("x")
    page.add("models", button, lambda: ["x"])
    page.choose("models")
    assert button.isVisible() and page.tabs.tabs["models"].isChecked()
    assert page.sections["models"].heading.text() == texts("settings.section.models")
    page.choose("general")
    assert not button.isVisible()
