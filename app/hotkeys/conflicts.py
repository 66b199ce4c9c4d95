"""Find the keys that programs and desktops already use; users may still choose them. Pure.

Sources: GNOME Help, "Useful keyboard shortcuts"; KDE, "Common Keyboard Shortcuts"; Microsoft, "Keyboard shortcuts
in Windows"; Apple, "Mac keyboard shortcuts"; the defaults of fcitx 5 and IBus.
"""

import sys
from collections.abc import Mapping
from typing import Final

from app.hotkeys.binding import Binding, parse
from app.hotkeys.errors import HotkeyUnknown

# Uses are keys of the texts ``settings.key-use``.
_EDITING: Final = {
    "c": "copy",
    "v": "paste",
    "x": "cut",
    "z": "undo",
    "a": "select-all",
    "s": "save",
    "f": "find",
    "p": "print",
    "n": "new",
    "o": "open",
    "w": "close",
    "q": "quit",
    "b": "bold",
}
_PC: Final[dict[str, str]] = {
    **{f"ctrl+{key}": use for key, use in _EDITING.items()},
    "ctrl+y": "redo",
    "ctrl+shift+z": "redo",
    "ctrl+shift+c": "copy",
    "ctrl+shift+v": "paste",
    "ctrl+insert": "copy",
    "shift+insert": "paste",
    "ctrl+t": "new",
    "ctrl+tab": "switch-tabs",
    "ctrl+shift+tab": "switch-tabs",
    "alt+tab": "switch-windows",
    "alt+shift+tab": "switch-windows",
    "alt+esc": "switch-windows",
    "super+tab": "switch-windows",
    "alt+f4": "close-window",
    "alt+space": "menu",
    "f10": "menu",
    "menu": "menu",
    "left_alt": "menu",
    "left_super": "overview",
    "right_super": "overview",
    "super+a": "overview",
    "super+l": "lock",
    "ctrl+alt+l": "lock",
    "super+d": "desktop",
    "ctrl+alt+t": "terminal",
    "alt+f2": "run",
    "super+r": "run",
    "super+e": "files",
    "ctrl+alt+delete": "system",
    "ctrl+shift+esc": "system",
    "ctrl+alt+backspace": "system",
    **{f"ctrl+alt+f{number}": "system" for number in range(1, 13)},
    "print_screen": "screenshot",
    "alt+print_screen": "screenshot",
    "shift+print_screen": "screenshot",
    "shift+super+s": "screenshot",
    "ctrl+space": "input-method",
    "super+space": "input-method",
    "left_shift": "input-method",
    "right_shift": "input-method",
    "f1": "help",
    "f5": "reload",
    "ctrl+r": "reload",
    "f11": "full-screen",
}
_MAC: Final[dict[str, str]] = {
    **{f"super+{key}": use for key, use in _EDITING.items()},
    "shift+super+z": "redo",
    "super+t": "new",
    "ctrl+tab": "switch-tabs",
    "super+tab": "switch-windows",
    "ctrl+up": "overview",
    "super+space": "find",
    "ctrl+space": "input-method",
    "ctrl+super+q": "lock",
    "shift+super+3": "screenshot",
    "shift+super+4": "screenshot",
    "alt+super+esc": "system",
}


def used_for(text: str, platform: str = sys.platform) -> str | None:
    """Return the existing use of the binding ``text``, or ``None`` if none is known."""
    binding = _parse_if_known(text)
    return (_MAC if platform == "darwin" else _PC).get(str(binding)) if binding else None


def other_action(text: str, action: str, bindings: Mapping[str, str]) -> str:
    """Return the other action that has this key, or an empty string."""
    binding = _parse_if_known(text)
    others = (other for other, key in bindings.items() if other != action and binding == _parse_if_known(key))
    return next(others, "") if binding else ""


def _parse_if_known(text: str) -> Binding | None:
    try:
        return parse(text) if text else None
    except HotkeyUnknown:
        return None
