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


class Use(StrEnum):
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
    "c": Use.COPY,
    "v": Use.PASTE,
    "x": Use.CUT,
    "z": Use.UNDO,
    "a": Use.SELECT_ALL,
    "s": Use.SAVE,
    "f": Use.FIND,
    "p": Use.PRINT,
    "n": Use.NEW,
    "o": Use.OPEN,
    "w": Use.CLOSE,
    "q": Use.QUIT,
    "b": Use.BOLD,
}
_PC: Final[dict[str, Use]] = {
    **{f"ctrl+{key}": use for key, use in _EDITING.items()},
    "ctrl+y": Use.REDO,
    "ctrl+shift+z": Use.REDO,
    "ctrl+shift+c": Use.COPY,
    "ctrl+shift+v": Use.PASTE,
    "ctrl+insert": Use.COPY,
    "shift+insert": Use.PASTE,
    "ctrl+t": Use.NEW,
    "ctrl+tab": Use.SWITCH_TABS,
    "ctrl+shift+tab": Use.SWITCH_TABS,
    "alt+tab": Use.SWITCH_WINDOWS,
    "alt+shift+tab": Use.SWITCH_WINDOWS,
    "alt+esc": Use.SWITCH_WINDOWS,
    "super+tab": Use.SWITCH_WINDOWS,
    "alt+f4": Use.CLOSE_WINDOW,
    "alt+space": Use.MENU,
    "f10": Use.MENU,
    "menu": Use.MENU,
    "left_alt": Use.MENU,
    "left_super": Use.OVERVIEW,
    "right_super": Use.OVERVIEW,
    "super+a": Use.OVERVIEW,
    "super+l": Use.LOCK,
    "ctrl+alt+l": Use.LOCK,
    "super+d": Use.DESKTOP,
    "ctrl+alt+t": Use.TERMINAL,
    "alt+f2": Use.RUN,
    "super+r": Use.RUN,
    "super+e": Use.FILES,
    "ctrl+alt+delete": Use.SYSTEM,
    "ctrl+shift+esc": Use.SYSTEM,
    "ctrl+alt+backspace": Use.SYSTEM,
    **{f"ctrl+alt+f{number}": Use.SYSTEM for number in range(1, 13)},
    "print_screen": Use.SCREENSHOT,
    "alt+print_screen": Use.SCREENSHOT,
    "shift+print_screen": Use.SCREENSHOT,
    "shift+super+s": Use.SCREENSHOT,
    "ctrl+space": Use.INPUT_METHOD,
    "super+space": Use.INPUT_METHOD,
    "left_shift": Use.INPUT_METHOD,
    "right_shift": Use.INPUT_METHOD,
    "f1": Use.HELP,
    "f5": Use.RELOAD,
    "ctrl+r": Use.RELOAD,
    "f11": Use.FULL_SCREEN,
}
_MAC: Final[dict[str, Use]] = {
    **{f"super+{key}": use for key, use in _EDITING.items()},
    "shift+super+z": Use.REDO,
    "super+t": Use.NEW,
    "ctrl+tab": Use.SWITCH_TABS,
    "super+tab": Use.SWITCH_WINDOWS,
    "ctrl+up": Use.OVERVIEW,
    "super+space": Use.FIND,
    "ctrl+space": Use.INPUT_METHOD,
    "ctrl+super+q": Use.LOCK,
    "shift+super+3": Use.SCREENSHOT,
    "shift+super+4": Use.SCREENSHOT,
    "alt+super+esc": Use.SYSTEM,
}


def used_for(text: str, platform: str = sys.platform) -> Use | None:
    """Return the existing use of the binding ``text``, or ``None`` if none is known."""
    binding = _parsed(text)
    return (_MAC if platform == "darwin" else _PC).get(str(binding)) if binding else None


def other_action(text: str, action: str, bindings: Mapping[str, str]) -> str:
    """Return the other action that has this key, or an empty string."""
    binding = _parsed(text)
    others = (other for other, key in bindings.items() if other != action and binding == _parsed(key))
    return next(others, "") if binding else ""


def _parsed(text: str) -> Binding | None:
    try:
        return parse(text) if text else None
    except HotkeyUnknown:
        return None
