"""Return presses the focused button in every window."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QDialog, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.messages.kinds import Action
from app.ui.settings.key_field import KeyField
from app.ui.settings.page import SettingsPage
from app.ui.shell.shell import ReturnPresses
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


@pytest.fixture(autouse=True)
def rule(qapp: QApplication) -> None:
    ReturnPresses(qapp)


def seen(qtbot: QtBot, inside: QWidget, widgets: list[QWidget]) -> QWidget:
    column = QVBoxLayout(inside)
    for widget in widgets:
        column.addWidget(widget)
    qtbot.addWidget(inside)
    inside.show()
    inside.activateWindow()
    qtbot.waitUntil(inside.isActiveWindow)
    return inside  # the caller keeps it alive for the whole test


@pytest.mark.parametrize("key", KEYS)
def test_focused_button_is_pressed_once(qtbot: QtBot, key: Qt.Key) -> None:
    pressed = list[str]()
    button, tick, off, field = QPushButton(), QCheckBox(), QPushButton(), QLineEdit()
    button.clicked.connect(lambda: pressed.append("button"))
    tick.clicked.connect(lambda: pressed.append("tick"))
    off.clicked.connect(lambda: pressed.append("off"))
    window = seen(qtbot, QWidget(), [button, tick, off, field])
    for widget in (button, tick, off, field):
        widget.setFocus()
        qtbot.waitUntil(widget.hasFocus)
        off.setEnabled(widget is not off)
        QTest.keyClick(widget, key)
    assert pressed == ["button", "tick"]
    button.setFocus()
    QTest.keyClick(button, key, Qt.KeyboardModifier.ControlModifier)
    assert pressed == ["button", "tick"], "with another key it means something else"
    assert window.isVisible()


def test_dialog_keeps_rule_of_default_button(qtbot: QtBot) -> None:
    pressed = list[str]()
    one, default = QPushButton(), QPushButton()
    one.clicked.connect(lambda: pressed.append("one"))
    default.clicked.connect(lambda: pressed.append("default"))
    default.setDefault(True)
    field = QLineEdit()
    window = seen(qtbot, QDialog(), [field, one, default])
    for widget in (field, one):
        widget.setFocus()
        qtbot.waitUntil(widget.hasFocus)
        QTest.keyClick(widget, Qt.Key.Key_Return)
    assert pressed == ["default", "one"] and window.isVisible()


def test_return_starts_recording_in_key_field(theme: Theme, qtbot: QtBot) -> None:
    chosen = list[str]()
    field = KeyField(theme, Texts("en"), chosen.append, lambda: chosen.append("refused"))
    window = seen(qtbot, QWidget(), [field])
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.recording and chosen == [] and window.isVisible()


def test_return_chooses_settings_section(theme: Theme, qtbot: QtBot) -> None:
    asked = list[Action]()
    page = SettingsPage(theme, Texts("en"), asked.append)
    window = seen(qtbot, QWidget(), [page])
    tab = page.tabs.tabs["input"]
    tab.setFocus()
    qtbot.waitUntil(tab.hasFocus)
    QTest.keyClick(tab, Qt.Key.Key_Return)
    assert page.section == "input" and window.isVisible()
