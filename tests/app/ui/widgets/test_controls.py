"""Options side by side: one is chosen, by mouse, keyboard and screen reader."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.ui.theme.theme import Theme
from app.ui.widgets.controls import OptionButtons

ENTRIES = (("s", "System"), ("l", "Light"), ("d", "Dark"))


@pytest.fixture
def options(theme: Theme, qtbot: QtBot) -> Iterator[OptionButtons]:
    around = QWidget()
    options = OptionButtons(theme)
    options.describe("Theme", "")
    options.show_entries(ENTRIES, "l")
    column = QVBoxLayout(around)
    column.addWidget(options)
    column.addStretch(1)
    qtbot.addWidget(around)
    around.resize(900, 300)
    around.show()
    yield options


def value_of(options: OptionButtons) -> str:
    return next((button.value for button in options.buttons if button.isChecked()), "")


def test_click_on_option_chooses_it(options: OptionButtons) -> None:
    chosen = list[str]()
    options.chosen.connect(chosen.append)
    assert value_of(options) == "l"
    QTest.mouseClick(options.buttons[2], Qt.MouseButton.LeftButton)
    assert (value_of(options), chosen) == ("d", ["d"])
    options.show_entries(ENTRIES, "l")
    assert value_of(options) == "l", "refused"


def test_arrow_keys_move_between_options_and_tab_leaves_them(options: OptionButtons, qtbot: QtBot) -> None:
    chosen = list[str]()
    options.chosen.connect(chosen.append)
    options.setFocus()
    qtbot.waitUntil(options.buttons[1].hasFocus)
    QTest.keyClick(options.buttons[1], Qt.Key.Key_Right)
    assert chosen == ["d"] and options.buttons[2].hasFocus()
    reached = [button for button in options.buttons if button.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert reached == [options.buttons[2]]


def test_options_are_radio_buttons_for_screen_readers(options: OptionButtons) -> None:
    button = options.buttons[1]
    result = QAccessible.queryAccessibleInterface(button)
    assert result.role() is QAccessible.Role.RadioButton and result.state().checked
    assert result.text(QAccessible.Text.Name) == "Theme: Light"


def test_options_wrap_where_they_are_too_wide(options: OptionButtons, qtbot: QtBot) -> None:
    window = options.window()
    qtbot.waitUntil(lambda: len({button.y() for button in options.buttons}) == 1)
    assert options.width() == options.across
    window.resize(options.minimumSizeHint().width() + 40, 300)
    qtbot.waitUntil(lambda: len({button.y() for button in options.buttons}) > 1)
    assert all(button.geometry().right() < options.width() for button in options.buttons)


def test_new_options_replace_old_ones(options: OptionButtons) -> None:
    options.show_entries((("x", "Only"),), "")
    assert [button.text() for button in options.buttons] == ["Only"] and value_of(options) == ""
    assert options.grab().width() > 0
