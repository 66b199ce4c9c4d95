"""The hotkey field: it records what is pressed, refuses what would take a writing key, and can be left."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.ui.key_field import KeyField
from app.ui.texts import Texts
from app.ui.theme import Theme

NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
RIGHT_CTRL = 0xFFE4


class Page:
    """The field with a button after it, and what it reported."""

    def __init__(self, theme: Theme, qtbot: QtBot) -> None:
        self.chosen: list[str] = []
        self.refused = 0
        self.texts = Texts("en")
        self.around = QWidget()
        self.field = KeyField(theme, self.texts, self.chosen.append, self._refuse)
        self.button = QPushButton()
        layout = QVBoxLayout(self.around)
        layout.addWidget(self.field)
        layout.addWidget(self.button)
        qtbot.addWidget(self.around)
        self.around.show()
        self.field.setFocus()

    def _refuse(self) -> None:
        self.refused += 1

    def send(
        self, kind: QEvent.Type, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE, virtual: int = 0
    ) -> None:
        QApplication.sendEvent(self.field, QKeyEvent(kind, key, modifiers, 0, virtual, 0))

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE, virtual: int = 0) -> None:
        self.send(QEvent.Type.KeyPress, key, modifiers, virtual)

    def release(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE, virtual: int = 0) -> None:
        self.send(QEvent.Type.KeyRelease, key, modifiers, virtual)


@pytest.fixture
def page(theme: Theme, qtbot: QtBot) -> Page:
    return Page(theme, qtbot)


def test_a_combination_is_taken(page: Page) -> None:
    page.field.show_binding("f9")
    page.field.click()
    assert page.field.recording
    page.press(Qt.Key.Key_Control, CTRL)
    page.press(Qt.Key.Key_Alt, CTRL | ALT)
    page.press(Qt.Key.Key_D, CTRL | ALT)
    assert page.chosen == ["ctrl+alt+d"]
    assert (page.field.recording, page.field.binding) == (False, "ctrl+alt+d")


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_the_keyboard_starts_it(page: Page, qtbot: QtBot, key: Qt.Key) -> None:
    QTest.keyClick(page.field, key)
    assert page.field.recording
    page.press(Qt.Key.Key_F8)
    assert page.chosen == ["f8"]


def test_a_modifier_by_itself_is_taken_when_it_comes_up(page: Page) -> None:
    page.field.click()
    page.press(Qt.Key.Key_Control, CTRL, RIGHT_CTRL)
    assert page.chosen == []
    page.release(Qt.Key.Key_Control, NONE, RIGHT_CTRL)
    assert page.chosen == ["right_ctrl"]


def test_two_modifiers_are_none(page: Page) -> None:
    page.field.click()
    page.press(Qt.Key.Key_Control, CTRL, RIGHT_CTRL)
    page.press(Qt.Key.Key_Alt, CTRL | ALT, 0xFFE9)
    page.release(Qt.Key.Key_Alt, CTRL, 0xFFE9)
    page.release(Qt.Key.Key_Control, NONE, RIGHT_CTRL)
    assert page.chosen == []
    assert page.field.recording


def test_a_writing_key_is_refused(page: Page) -> None:
    page.field.show_binding("f9")
    page.field.click()
    page.press(Qt.Key.Key_D)
    assert (page.chosen, page.refused, page.field.binding) == ([], 1, "f9")


def test_tab_is_a_key_like_others_while_recording(page: Page) -> None:
    page.field.click()
    page.press(Qt.Key.Key_Tab, CTRL)
    assert page.chosen == ["ctrl+tab"]


def test_it_can_be_left(page: Page, qtbot: QtBot) -> None:
    page.field.click()
    page.press(Qt.Key.Key_Escape)
    assert not page.field.recording
    page.field.click()
    page.button.setFocus()
    qtbot.waitUntil(lambda: not page.field.recording)
    page.field.click()
    page.field.click()
    assert not page.field.recording
    assert page.chosen == []


def test_it_says_what_it_is_and_shows_it(page: Page) -> None:
    empty = page.field.grab().toImage()
    page.field.show_binding("ctrl+alt+d")
    assert page.field.accessibleName() == "Dictation key"
    assert page.field.accessibleDescription() == "Ctrl+Alt+D. Press to change"
    assert page.field.grab().toImage() != empty
    shown = page.field.grab().toImage()
    page.field.click()
    assert page.field.grab().toImage() not in (empty, shown)
    page.texts.choose("zh")
    assert page.field.accessibleName() == "听写键"
