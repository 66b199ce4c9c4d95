"""Test that the pictures of the files show every state in both languages."""

import pytest
from PySide6.QtWidgets import QApplication

from app.core.sentences import LANGUAGES
from app.files.view import FileState
from scripts import screenshots_files
from scripts.screenshots import LOOKS


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_state_is_shown(language: str) -> None:
    views = [screenshots_files.files(language), screenshots_files.trouble(language)]
    assert {file.state for view in views for file in view.files} == set(FileState)
    assert any(view.note for view in views)


def test_files_page_is_drawn(qapp: QApplication) -> None:
    image = screenshots_files.page(LOOKS[0], screenshots_files.files("en"), 0.8)
    assert image.width() > 700
    places = [(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)]
    assert len({image.pixelColor(x, y).name() for x, y in places}) > 10
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()
