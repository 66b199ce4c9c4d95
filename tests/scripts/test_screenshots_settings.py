"""Test that the pictures of the settings show a section, a search and errors."""

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication

from app.ui.settings.page import SettingsPage
from scripts import screenshots_settings
from scripts.screenshots import LOOKS

STATES = [screenshots_settings.general, screenshots_settings.broken, screenshots_settings.searched]


@pytest.mark.parametrize("state", STATES)
def test_each_state_looks_different(qapp: QApplication, state: Callable[[SettingsPage], None]) -> None:
    image = screenshots_settings.shown(LOOKS[0], state)
    assert image.width() > 700
    assert all(image != screenshots_settings.shown(LOOKS[0], other) for other in STATES if other is not state)
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()
