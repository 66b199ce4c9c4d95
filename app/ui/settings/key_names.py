"""Convert Qt key events to bindings such as ``ctrl+alt+d`` and ``right_ctrl``.

Only the platform's native key code distinguishes left and right modifiers. Untested on Windows and macOS.
"""

import sys
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

_Key = Qt.Key
_Modifier = Qt.KeyboardModifier

_NAMED: Final = {
    _Key.Key_Escape: "esc",
    _Key.Key_Space: "space",
    _Key.Key_Tab: "tab",
    _Key.Key_Backtab: "tab",
    _Key.Key_Return: "enter",
    _Key.Key_Enter: "enter",
    _Key.Key_Backspace: "backspace",
    _Key.Key_Delete: "delete",
    _Key.Key_Insert: "insert",
    _Key.Key_Left: "left",
    _Key.Key_Right: "right",
    _Key.Key_Up: "up",
    _Key.Key_Down: "down",
    _Key.Key_Home: "home",
    _Key.Key_End: "end",
    _Key.Key_PageUp: "page_up",
    _Key.Key_PageDown: "page_down",
    _Key.Key_Pause: "pause",
    _Key.Key_Print: "print_screen",
    _Key.Key_ScrollLock: "scroll_lock",
    _Key.Key_Menu: "menu",
    _Key.Key_Semicolon: "semicolon",
    _Key.Key_Equal: "equal",
    _Key.Key_Comma: "comma",
    _Key.Key_Minus: "minus",
    _Key.Key_Period: "period",
    _Key.Key_Slash: "slash",
    _Key.Key_QuoteLeft: "grave",
    _Key.Key_BracketLeft: "left_bracket",
    _Key.Key_Backslash: "backslash",
    _Key.Key_BracketRight: "right_bracket",
    _Key.Key_Apostrophe: "apostrophe",
}
_SIDES: Final = {
    "linux": {  # keysyms
        0xFFE1: "left_shift",
        0xFFE2: "right_shift",
        0xFFE3: "left_ctrl",
        0xFFE4: "right_ctrl",
        0xFFE7: "left_alt",
        0xFFE8: "right_alt",
        0xFFE9: "left_alt",
        0xFFEA: "right_alt",
        0xFFEB: "left_super",
        0xFFEC: "right_super",
        0xFE03: "right_alt",
    },
    "win32": {  # scan codes, with 0x100 for extended keys
        0x2A: "left_shift",
        0x36: "right_shift",
        0x1D: "left_ctrl",
        0x11D: "right_ctrl",
        0x38: "left_alt",
        0x138: "right_alt",
        0x15B: "left_super",
        0x15C: "right_super",
    },
    "darwin": {  # key codes
        56: "left_shift",
        60: "right_shift",
        59: "left_ctrl",
        62: "right_ctrl",
        58: "left_alt",
        61: "right_alt",
        55: "left_super",
        54: "right_super",
    },
}
_MODIFIER_KEYS: Final = frozenset(
    {
        _Key.Key_Control,
        _Key.Key_Alt,
        _Key.Key_AltGr,
        _Key.Key_Shift,
        _Key.Key_Meta,
        _Key.Key_Super_L,
        _Key.Key_Super_R,
    }
)


def is_modifier(event: QKeyEvent) -> bool:
    """Return whether the key is Ctrl, Alt, Shift or Super."""
    return event.key() in _MODIFIER_KEYS


def held_modifiers(event: QKeyEvent, platform: str = sys.platform) -> list[str]:
    """Return the modifiers that are down, in the order of bindings; on macOS Qt reports Command as Control."""
    swapped = platform == "darwin"
    names = {
        "ctrl": _Modifier.MetaModifier if swapped else _Modifier.ControlModifier,
        "alt": _Modifier.AltModifier,
        "shift": _Modifier.ShiftModifier,
        "super": _Modifier.ControlModifier if swapped else _Modifier.MetaModifier,
    }
    return [name for name, modifier in names.items() if event.modifiers() & modifier]


def side(event: QKeyEvent, platform: str = sys.platform) -> str:
    """Return the name of the modifier key, such as ``right_ctrl``; empty if the platform does not report it."""
    code = event.nativeScanCode() if platform == "win32" else event.nativeVirtualKey()
    return _SIDES.get(platform, {}).get(code, "")


def binding(event: QKeyEvent, platform: str = sys.platform) -> str:
    """Return the binding, such as ``ctrl+alt+d``; empty for a key without a name."""
    name = _name(event.key())
    return "+".join([*held_modifiers(event, platform), name]) if name else ""


def _name(key: int) -> str:
    if _Key.Key_F1 <= key <= _Key.Key_F24:
        return f"f{key - _Key.Key_F1 + 1}"
    if _Key.Key_0 <= key <= _Key.Key_9 or _Key.Key_A <= key <= _Key.Key_Z:
        return chr(key).lower()
    return next((name for known, name in _NAMED.items() if known == key), "")
