"""Find the keys that programs and desktops already use; users may still choose them. Pure.

Sources: GNOME Help, "Useful keyboard shortcuts"; KDE, "Common Keyboard Shortcuts"; Microsoft, "Keyboard shortcuts
in Windows"; Apple, "Mac keyboard shortcuts"; the defaults of fcitx 5 and IBus.
"""

import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.hotkeys.binding import Binding, parse
from app.hotkeys.errors import HotkeyUnknown


class KeyUse(StrEnum):
    """The existing use of a key, in nearly every program or on many desktops."""

    COPY = "copy"
    PASTE = "paste"
    CUT = "cut"
    UNDO = "undo"
    REDO = "redo"
    SELECT_ALL = "select-all"
    SAVE = "save"
    FIND = "find"
    PRINT = "print"
    NEW = "new"
    OPEN = "open"
    CLOSE = "close"
    QUIT = "quit"
    BOLD = "bold"
    SWITCH_TABS = "switch-tabs"
    SWITCH_WINDOWS = "switch-windows"
    CLOSE_WINDOW = "close-window"
    MENU = "menu"
    OVERVIEW = "overview"
    LOCK = "lock"
    DESKTOP = "desktop"
    TERMINAL = "terminal"
    RUN = "run"
    FILES = "files"
    SYSTEM = "system"
    SCREENSHOT = "screenshot"
    INPUT_METHOD = "input-method"
    HELP = "help"
    RELOAD = "reload"
    FULL_SCREEN = "full-screen"


_EDITING: Final = {
    "c": KeyUse.COPY,
    "v": KeyUse.PASTE,
    "x": KeyUse.CUT,
    "z": KeyUse.UNDO,
    "a": KeyUse.SELECT_ALL,
    "s": KeyUse.SAVE,
    "f": KeyUse.FIND,
    "p": KeyUse.PRINT,
    "n": KeyUse.NEW,
    "o": KeyUse.OPEN,
    "w": KeyUse.CLOSE,
    "q": KeyUse.QUIT,
    "b": KeyUse.BOLD,
}
_PC: Final[dict[str, KeyUse]] = {
    **{f"ctrl+{key}": use for key, use in _EDITING.items()},
    "ctrl+y": KeyUse.REDO,
    "ctrl+shift+z": KeyUse.REDO,
    "ctrl+shift+c": KeyUse.COPY,
    "ctrl+shift+v": KeyUse.PASTE,
    "ctrl+insert": KeyUse.COPY,
    "shift+insert": KeyUse.PASTE,
    "ctrl+t": KeyUse.NEW,
    "ctrl+tab": KeyUse.SWITCH_TABS,
    "ctrl+shift+tab": KeyUse.SWITCH_TABS,
    "alt+tab": KeyUse.SWITCH_WINDOWS,
    "alt+shift+tab": KeyUse.SWITCH_WINDOWS,
    "alt+esc": KeyUse.SWITCH_WINDOWS,
    "super+tab": KeyUse.SWITCH_WINDOWS,
    "alt+f4": KeyUse.CLOSE_WINDOW,
    "alt+space": KeyUse.MENU,
    "f10": KeyUse.MENU,
    "menu": KeyUse.MENU,
    "left_alt": KeyUse.MENU,
    "left_super": KeyUse.OVERVIEW,
    "right_super": KeyUse.OVERVIEW,
    "super+a": KeyUse.OVERVIEW,
    "super+l": KeyUse.LOCK,
    "ctrl+alt+l": KeyUse.LOCK,
    "super+d": KeyUse.DESKTOP,
    "ctrl+alt+t": KeyUse.TERMINAL,
    "alt+f2": KeyUse.RUN,
    "super+r": KeyUse.RUN,
    "super+e": KeyUse.FILES,
    "ctrl+alt+delete": KeyUse.SYSTEM,
    "ctrl+shift+esc": KeyUse.SYSTEM,
    "ctrl+alt+backspace": KeyUse.SYSTEM,
    **{f"ctrl+alt+f{number}": KeyUse.SYSTEM for number in range(1, 13)},
    "print_screen": KeyUse.SCREENSHOT,
    "alt+print_screen": KeyUse.SCREENSHOT,
    "shift+print_screen": KeyUse.SCREENSHOT,
    "shift+super+s": KeyUse.SCREENSHOT,
    "ctrl+space": KeyUse.INPUT_METHOD,
    "super+space": KeyUse.INPUT_METHOD,
    "left_shift": KeyUse.INPUT_METHOD,
    "right_shift": KeyUse.INPUT_METHOD,
    "f1": KeyUse.HELP,
    "f5": KeyUse.RELOAD,
    "ctrl+r": KeyUse.RELOAD,
    "f11": KeyUse.FULL_SCREEN,
}
_MAC: Final[dict[str, KeyUse]] = {
    **{f"super+{key}": use for key, use in _EDITING.items()},
    "shift+super+z": KeyUse.REDO,
    "super+t": KeyUse.NEW,
    "ctrl+tab": KeyUse.SWITCH_TABS,
    "super+tab": KeyUse.SWITCH_WINDOWS,
    "ctrl+up": KeyUse.OVERVIEW,
    "super+space": KeyUse.FIND,
    "ctrl+space": KeyUse.INPUT_METHOD,
    "ctrl+super+q": KeyUse.LOCK,
    "shift+super+3": KeyUse.SCREENSHOT,
    "shift+super+4": KeyUse.SCREENSHOT,
    "alt+super+esc": KeyUse.SYSTEM,
}


def used_for(text: str, platform: str = sys.platform) -> KeyUse | None:
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
