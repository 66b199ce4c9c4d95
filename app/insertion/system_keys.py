"""Focused windows and key presses on Windows and macOS. Not yet tested on them.

``pynput`` presses the keys. It does not report which modifiers the user holds, so the systems are asked:
GetAsyncKeyState of user32, and CGEventSourceFlagsState of Quartz.
"""

import os
import sys
from typing import Any, Final, Protocol

import psutil

from app.insertion.errors import InsertionUnavailable, LibraryMissing
from app.insertion.outcome import Target
from app.insertion.plan import is_terminal
from runtime.installing import extra_command

# Virtual-key codes: Shift, Ctrl, Alt, both Windows keys.
_WINDOWS_MODIFIERS: Final = (0x10, 0x11, 0x12, 0x5B, 0x5C)
# CGEventFlags: Shift, Control, Option, Command.
_MACOS_MODIFIERS: Final = 0x20000 | 0x40000 | 0x80000 | 0x100000
_COMBINED_SESSION: Final = 0


class SystemKeys(Protocol):
    """The keyboard operations an inserter needs on such a desktop. Each call returns at once."""

    def target(self) -> Target | None:
        """Return the focused window, if any."""

    def modifiers_held(self) -> bool:
        """Return whether the user holds Shift, Ctrl, Alt or a similar key."""

    def paste(self, *, terminal: bool) -> None:
        """Press the keys that paste."""

    def type(self, text: str) -> None:
        """Type a text, independent of the keyboard layout."""


class WindowsKeys:
    """The keyboard of Windows. ``user32``: the system library. ``keyboard``: the module of pynput."""

    def __init__(self, user32: Any, keyboard: Any) -> None:
        self._user32, self._keyboard = user32, keyboard

    def target(self) -> Target | None:
        """Return the focused window, with the file name of its program."""
        import ctypes

        window = self._user32.GetForegroundWindow()
        if not window:
            return None
        number = ctypes.c_ulong()
        self._user32.GetWindowThreadProcessId(window, ctypes.byref(number))
        name = _program(int(number.value))
        return Target(int(window), name, is_terminal(name), own=int(number.value) == os.getpid())

    def modifiers_held(self) -> bool:
        """Return whether a modifier key is down: the highest bit of its state is set."""
        return any(self._user32.GetAsyncKeyState(code) & 0x8000 for code in _WINDOWS_MODIFIERS)

    def paste(self, *, terminal: bool) -> None:
        """Press Ctrl+V, with Shift in terminals."""
        _chord(self._keyboard, ("ctrl", "shift") if terminal else ("ctrl",))

    def type(self, text: str) -> None:
        """Type a text by Unicode key events."""
        self._keyboard.Controller().type(text)


class MacKeys:
    """The keyboard of macOS. ``workspace`` and ``quartz``: of pyobjc, which pynput installs.

    ``keyboard``: the module of pynput.
    """

    def __init__(self, workspace: Any, quartz: Any, keyboard: Any) -> None:
        self._workspace, self._quartz, self._keyboard = workspace, quartz, keyboard

    def target(self) -> Target | None:
        """Return the frontmost program: macOS reveals windows only to assistive programs."""
        front = self._workspace.frontmostApplication()
        if front is None:
            return None
        name, number = str(front.localizedName() or ""), int(front.processIdentifier())
        return Target(number, name, is_terminal(name), own=number == os.getpid())

    def modifiers_held(self) -> bool:
        """Return whether the session's event source reports a modifier as held."""
        return bool(self._quartz.CGEventSourceFlagsState(_COMBINED_SESSION) & _MACOS_MODIFIERS)

    def paste(self, *, terminal: bool) -> None:
        """Press Command+V in every program."""
        _chord(self._keyboard, ("cmd",))

    def type(self, text: str) -> None:
        """Type a text by Unicode key events."""
        self._keyboard.Controller().type(text)


def open_system_keys() -> SystemKeys:
    """Return the keyboard of this system. Raises ``InsertionUnavailable``."""
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
