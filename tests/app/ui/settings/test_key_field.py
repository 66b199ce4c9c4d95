"""The hotkey field records the pressed keys, refuses typing keys, and can be left."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.ui.settings.key_field import LONGEST_MS, KeyField
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
RIGHT_CTRL = 0xFFE4


class Page:
    """Page with the field, a button after it, and a record of the field's reports."""

    def __init__(self, theme: Theme, qtbot: QtBot) -> None:
        self.chosen: list[str] = []
        self.listens: list[bool] = []
        self.refused = 0
        self.texts = Texts("en")
        self.around = QWidget()
        self.field = KeyField(theme, self.texts, self.chosen.append, self._refuse)
        self.field.recording_changed.connect(self.listens.append)
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


def test_key_field_records_combination(page: Page) -> None:
    page.field.show_binding("f9")
    page.field.click()
    assert page.field.recording
    page.press(Qt.Key.Key_Control, CTRL)
    page.press(Qt.Key.Key_Alt, CTRL | ALT)
    page.press(Qt.Key.Key_D, CTRL | ALT)
    assert page.chosen == ["ctrl+alt+d"]
    assert (page.field.recording, page.field.binding) == (False, "ctrl+alt+d")


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_keyboard_starts_recording_of_key_field(page: Page, qtbot: QtBot, key: Qt.Key) -> None:
    QTest.keyClick(page.field, key)
    assert page.field.recording
    page.press(Qt.Key.Key_F8)
    assert page.chosen == ["f8"]


def test_key_field_takes_single_modifier_on_release(page: Page) -> None:
    page.field.click()
    page.press(Qt.Key.Key_Control, CTRL, RIGHT_CTRL)
    assert page.chosen == []
    page.release(Qt.Key.Key_Control, NONE, RIGHT_CTRL)
    assert page.chosen == ["right_ctrl"]


def test_key_field_rejects_two_modifiers(page: Page) -> None:
    page.field.click()
    page.press(Qt.Key.Key_Control, CTRL, RIGHT_CTRL)
    page.press(Qt.Key.Key_Alt, CTRL | ALT, 0xFFE9)
    page.release(Qt.Key.Key_Alt, CTRL, 0xFFE9)
    page.release(Qt.Key.Key_Control, NONE, RIGHT_CTRL)
    assert page.chosen == []
    assert page.field.recording


def test_key_field_refuses_typing_key(page: Page) -> None:
    page.field.show_binding("f9")
    page.field.click()
    page.press(Qt.Key.Key_D)
    assert (page.chosen, page.refused, page.field.binding) == ([], 1, "f9")


def test_key_field_records_tab(page: Page) -> None:
    page.field.click()
    page.press(Qt.Key.Key_Tab, CTRL)
    assert page.chosen == ["ctrl+tab"]


def test_key_field_records_escape_with_a_modifier(page: Page) -> None:
    page.field.click()
    page.press(Qt.Key.Key_Escape, Qt.KeyboardModifier.ShiftModifier)
    assert (page.chosen, page.refused) == (["shift+esc"], 0)


def test_key_field_stops_recording_on_escape_focus_loss_or_click(page: Page, qtbot: QtBot) -> None:
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


def test_key_field_owns_all_keys_until_chosen_key_stays_up(page: Page, qtbot: QtBot) -> None:
    page.field.click()
    assert page.listens == [True]
    page.press(Qt.Key.Key_F9)
    assert (page.chosen, page.listens) == (["f9"], [True])
    page.release(Qt.Key.Key_F9)
    page.press(Qt.Key.Key_F9)  # a repeat, so the key is still down
    assert not page.field._up.isActive()
    page.press(Qt.Key.Key_Return)
    assert page.chosen == ["f9"], "another key does not restart recording"
    page.release(Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: page.listens == [True, False])
    page.field.click()
    page.press(Qt.Key.Key_Control, CTRL, RIGHT_CTRL)
    page.release(Qt.Key.Key_Control, NONE, RIGHT_CTRL)
    page.field.click()
    assert page.field.recording and not page.field._up.isActive()
    page.field.click()
    assert page.listens == [True, False] * 2


def test_key_field_releases_keys_when_user_gives_up(page: Page, qtbot: QtBot) -> None:
    for leave in (page.field.click, page.button.setFocus, page.around.hide, page.field._limit.timeout.emit):
        page.around.show()
        page.field.setFocus()
        page.field.click()
        assert page.field.recording and page.listens[-1]
        leave()
        qtbot.waitUntil(lambda: not page.listens[-1] and not page.field.recording)
    assert page.listens == [True, False] * 4
    page.field.click()
    page.press(Qt.Key.Key_Escape)
    page.release(Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: page.listens == [True, False] * 5)


def test_key_field_limits_recording_time(page: Page) -> None:
    page.field.click()
    assert page.field._limit.isActive() and page.field._limit.interval() == LONGEST_MS
    page.field.click()
    assert not page.field._limit.isActive()


def test_key_field_shows_and_names_binding(page: Page) -> None:
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
