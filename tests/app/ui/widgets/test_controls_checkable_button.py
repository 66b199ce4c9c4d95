"""Checkable buttons announce a click for assistive technology too, and once."""

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QButtonGroup
from pytestqt.qtbot import QtBot

from app.ui.theme.theme import Theme
from app.ui.widgets.controls import CheckableButton

Clicks = list[tuple[str, bool]]


@pytest.fixture
def clicks() -> Clicks:
    return []


def made(theme: Theme, qtbot: QtBot, clicks: Clicks, name: str) -> CheckableButton:
    button = CheckableButton(theme)
    qtbot.addWidget(button)
    button.clicked.connect(lambda on: clicks.append((name, on)))
    return button


def toggle(button: CheckableButton) -> None:
    """Toggle the button as assistive technology does."""
    actions = QAccessible.queryAccessibleInterface(button).actionInterface()
    actions.doAction(actions.toggleAction())


def test_toggle_by_assistive_technology_is_a_click(theme: Theme, qtbot: QtBot, clicks: Clicks) -> None:
    button = made(theme, qtbot, clicks, "a")
    toggle(button)
    toggle(button)
    button.click()
    assert clicks == [("a", True), ("a", False), ("a", True)]


def test_change_by_the_app_is_no_click(theme: Theme, qtbot: QtBot, clicks: Clicks) -> None:
    button = made(theme, qtbot, clicks, "a")
    button.setChecked(True)
    button.setChecked(False)
    assert clicks == []


def test_only_the_chosen_button_of_a_group_is_clicked(theme: Theme, qtbot: QtBot, clicks: Clicks) -> None:
    first, second = made(theme, qtbot, clicks, "a"), made(theme, qtbot, clicks, "b")
    group = QButtonGroup(first)
    group.addButton(first)
    group.addButton(second)
    first.setChecked(True)
    toggle(second)
    first.click()
    assert clicks == [("b", True), ("a", True)]
