from collections.abc import Iterator
from typing import NamedTuple

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.ui.onboarding.key_step import KeyCapture

RIGHT_CTRL = 0xFFE4  # keysym
NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


class World(NamedTuple):
    field: QLineEdit
    capture: KeyCapture
    taken: list[str]


@pytest.fixture
def world(qtbot: QtBot) -> Iterator[World]:
    around, taken = QWidget(), list[str]()
    qtbot.addWidget(around)
    field = QLineEdit()
    QVBoxLayout(around).addWidget(field)
    QShortcut(QKeySequence("Ctrl+Return"), around)
    around.show()
    around.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    capture = KeyCapture(taken.append, around)
    capture.watch(True)
    yield World(field, capture, taken)
    capture.watch(False)


def send(field: QWidget, kind: QEvent.Type, *, repeated: bool = False) -> None:
    """Send a press or a release of the right Ctrl key."""
    held = NONE if kind is QEvent.Type.KeyPress else CTRL
    QApplication.sendEvent(field, QKeyEvent(kind, Qt.Key.Key_Control, held, 0, RIGHT_CTRL, 0, "", repeated))


def test_function_key_and_combination_are_reported_once(world: World) -> None:
    QTest.keyClick(world.field, Qt.Key.Key_F9)
    QTest.keyClick(world.field, Qt.Key.Key_D, CTRL | Qt.KeyboardModifier.AltModifier)
    assert world.taken == ["f9", "ctrl+alt+d"]


def test_lone_modifier_is_reported_at_its_release(world: World) -> None:
    send(world.field, QEvent.Type.KeyPress)
    send(world.field, QEvent.Type.KeyPress, repeated=True)
    assert world.taken == []
    send(world.field, QEvent.Type.KeyRelease)
    send(world.field, QEvent.Type.KeyRelease)
    assert world.taken == ["right_ctrl"]


def test_modifier_of_a_shortcut_or_combination_is_not_reported(world: World) -> None:
    for key in (Qt.Key.Key_Return, Qt.Key.Key_F8):
        send(world.field, QEvent.Type.KeyPress)
        QTest.keyClick(world.field, key, CTRL)
        send(world.field, QEvent.Type.KeyRelease)
    assert world.taken == ["ctrl+f8"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Escape])
def test_keys_that_use_the_page_are_not_reported(world: World, key: Qt.Key) -> None:
    QTest.keyClick(world.field, key)
    assert world.taken == []


def test_keys_reach_the_field_and_are_not_reported_after_the_watch(world: World) -> None:
    QTest.keyClick(world.field, Qt.Key.Key_A)
    assert (world.taken, world.field.text()) == (["a"], "a")
    world.capture.watch(False)
    QTest.keyClick(world.field, Qt.Key.Key_F9)
    assert world.taken == ["a"]
