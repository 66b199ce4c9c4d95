"""The desktops of Windows and macOS: which window has the focus, and pressing keys there.

Not run on them so far. ``pynput`` presses the keys. It does not tell which the user holds, so the
systems are asked themselves:
GetAsyncKeyState of user32, and CGEventSourceFlagsState of Quartz.
"""

import os
import sys
from typing import Any, Final, Protocol

import psutil

from app.insertion.errors import InsertionUnavailable, LibraryMissing
from app.insertion.outcome import Target
from app.insertion.programs import is_terminal
from runtime.installing import extra_command

# Virtual-key codes: Shift, Ctrl, Alt, both Windows keys.
_WINDOWS_MODIFIERS: Final = (0x10, 0x11, 0x12, 0x5B, 0x5C)
# CGEventFlags: Shift, Control, Option, Command.
_MACOS_MODIFIERS: Final = 0x20000 | 0x40000 | 0x80000 | 0x100000
_COMBINED_SESSION: Final = 0


class SystemKeys(Protocol):
    """What an inserter needs of such a desktop. Each call returns at once."""

    def target(self) -> Target | None:
        """The window that has the focus."""

    def modifiers_held(self) -> bool:
        """Whether the user holds Shift, Ctrl, Alt or the like."""

    def paste(self, *, terminal: bool) -> None:
        """Press what pastes."""

    def type(self, text: str) -> None:
        """Type this, whatever the keyboard's layout is."""


class WindowsKeys:
    """``user32``: the library; ``keyboard``: of pynput."""

    def __init__(self, user32: Any, keyboard: Any) -> None:
        self._user32, self._keyboard = user32, keyboard

    def target(self) -> Target | None:
        """Its handle, and the name of its program's file."""
        import ctypes

        window = self._user32.GetForegroundWindow()
        if not window:
            return None
        number = ctypes.c_ulong()
        self._user32.GetWindowThreadProcessId(window, ctypes.byref(number))
        name = _program(int(number.value))
        return Target(int(window), name, is_terminal(name), own=int(number.value) == os.getpid())

    def modifiers_held(self) -> bool:
        """The highest bit tells that a key is down."""
        return any(self._user32.GetAsyncKeyState(code) & 0x8000 for code in _WINDOWS_MODIFIERS)

    def paste(self, *, terminal: bool) -> None:
        """Ctrl+V, with Shift in terminals."""
        _chord(self._keyboard, ("ctrl", "shift") if terminal else ("ctrl",))

    def type(self, text: str) -> None:
        """By Unicode key events."""
        self._keyboard.Controller().type(text)


class MacKeys:
    """``workspace`` and ``quartz``: of pyobjc, which pynput brings; ``keyboard``: of pynput."""

    def __init__(self, workspace: Any, quartz: Any, keyboard: Any) -> None:
        self._workspace, self._quartz, self._keyboard = workspace, quartz, keyboard

    def target(self) -> Target | None:
        """The program in front: the system tells windows only to assistive programs."""
        front = self._workspace.frontmostApplication()
        if front is None:
            return None
        name, number = str(front.localizedName() or ""), int(front.processIdentifier())
        return Target(number, name, is_terminal(name), own=number == os.getpid())

    def modifiers_held(self) -> bool:
        """As the session's event source has them."""
        return bool(self._quartz.CGEventSourceFlagsState(_COMBINED_SESSION) & _MACOS_MODIFIERS)

    def paste(self, *, terminal: bool) -> None:
        """Command+V, everywhere."""
        _chord(self._keyboard, ("cmd",))

    def type(self, text: str) -> None:
        """By Unicode key events."""
        self._keyboard.Controller().type(text)


def open_system_keys() -> SystemKeys:
    """Of this computer. Raises ``InsertionUnavailable``."""
    try:
        from pynput import keyboard

        if sys.platform == "win32":
            import ctypes

            return WindowsKeys(ctypes.windll.user32, keyboard)
        if sys.platform == "darwin":
            import AppKit
            import Quartz

            return MacKeys(AppKit.NSWorkspace.sharedWorkspace(), Quartz, keyboard)
    except ImportError as error:
        advice = f"install it with `{extra_command('desktop')}`"
        raise LibraryMissing(f"no keys can be pressed ({error}): {advice}") from error
    raise InsertionUnavailable(f"no keys can be pressed on {sys.platform}: copy texts from the main window")


def _program(number: int) -> str:
    try:
        return str(psutil.Process(number).name())
    except psutil.Error:
        return ""


def _chord(keyboard: Any, modifiers: tuple[str, ...]) -> None:
    with keyboard.Controller().pressed(*(getattr(keyboard.Key, name) for name in modifiers)):
        keyboard.Controller().tap("v")
