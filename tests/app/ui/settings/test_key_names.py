"""Pressed keys become bindings that the hotkeys understand."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

from app.hotkeys.binding import KEYS, parse
from app.ui.settings import key_names

NONE = Qt.KeyboardModifier.NoModifier
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT, META = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.MetaModifier


def pressed(key: int, modifiers: Qt.KeyboardModifier = NONE, scan: int = 0, virtual: int = 0) -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, key, modifiers, scan, virtual, 0)


@pytest.mark.parametrize(
    ("event", "binding"),
    [
        (pressed(Qt.Key.Key_F9), "f9"),
        (pressed(Qt.Key.Key_F24), "f24"),
        (pressed(Qt.Key.Key_D, CTRL | ALT), "ctrl+alt+d"),
        (pressed(Qt.Key.Key_Space, META), "super+space"),
        (pressed(Qt.Key.Key_1, CTRL | SHIFT), "ctrl+shift+1"),
        (pressed(Qt.Key.Key_Backtab, CTRL | SHIFT), "ctrl+shift+tab"),
        (pressed(Qt.Key.Key_Pause), "pause"),
        (pressed(0x0413, CTRL), ""),
        (pressed(Qt.Key.Key_unknown), ""),
    ],
)
def test_key_combination_becomes_binding(event: QKeyEvent, binding: str) -> None:
    assert key_names.binding(event, "linux") == binding
    if binding:
        assert str(parse(binding)) == binding


def test_command_key_is_super_on_macos() -> None:
    assert key_names.held_modifiers(pressed(Qt.Key.Key_D, CTRL), "darwin") == ["super"]
    assert key_names.held_modifiers(pressed(Qt.Key.Key_D, META | SHIFT), "darwin") == ["ctrl", "shift"]


@pytest.mark.parametrize(
    ("platform", "scan", "virtual", "side"),
    [
        ("linux", 0, 0xFFE4, "right_ctrl"),
        ("linux", 0, 0xFE03, "right_alt"),
        ("win32", 0x11D, 0xA3, "right_ctrl"),
        ("darwin", 0, 62, "right_ctrl"),
        ("linux", 0, 0, ""),
        ("plan9", 1, 1, ""),
    ],
)
def test_platform_code_reports_side_of_modifier(platform: str, scan: int, virtual: int, side: str) -> None:
    assert key_names.side(pressed(Qt.Key.Key_Control, CTRL, scan, virtual), platform) == side


def test_all_key_names_can_be_bound() -> None:
    sides = {name for names in key_names._SIDES.values() for name in names.values()}
    assert sides | set(key_names._NAMED.values()) <= set(KEYS)


def test_all_keys_that_can_be_bound_can_be_pressed() -> None:
    keys = [key_names.binding(pressed(key), "linux") for key in Qt.Key]
    assert {name for name, key in KEYS.items() if key.modifier is None} == set(keys) - {""}


def test_macos_key_codes_match_hotkeys() -> None:
    assert all(KEYS[name].mac == code for code, name in key_names._SIDES["darwin"].items())


@pytest.mark.parametrize(
    ("key", "is_one"), [(Qt.Key.Key_AltGr, True), (Qt.Key.Key_Super_L, True), (Qt.Key.Key_A, False)]
)
def test_modifier_keys_are_recognised(key: Qt.Key, is_one: bool) -> None:
    assert key_names.is_modifier(pressed(key)) is is_one
