"""Test that the pictures of the help show every state."""

import pytest
from PySide6.QtWidgets import QApplication

from scripts import screenshots_help
from scripts.screenshots import LOOKS


@pytest.mark.parametrize("fill", [screenshots_help.full, screenshots_help.empty, screenshots_help.failed])
def test_each_panel_is_drawn(qapp: QApplication, fill: screenshots_help.Fill) -> None:
    image = screenshots_help.page(LOOKS[0], fill)
    assert image.width() > 500 and image.height() > 300
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()


def test_log_lines_show_every_level_and_damage() -> None:
    assert {line.level for line in screenshots_help.lines().lines} == {"info", "warning", "error", ""}
