"""Insertion on Windows and macOS, through a clipboard that Qt serves. Not yet tested on them.

Such a clipboard does not reveal its readers: the first read after the key counts. A clipboard history may be that
reader, so the old contents return only a little later. ``pynput`` presses the keys. It does not report which
modifiers the user holds, so the systems are asked: GetAsyncKeyState of user32, and CGEventSourceFlagsState of
Quartz.
"""

import asyncio
import os
import sys
import time
from typing import Any, Final, Protocol

import psutil

from app.insertion.clipboard import Clipboard, PasteFlow
from app.insertion.errors import InsertionUnavailable, LibraryMissing
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.plan import Newline, Rules, Strategy, is_terminal, rules_for, to_paste, to_type
from runtime.installing import extra_command

_RELEASE_DEADLINE_S: Final = 2.0
_CHECK_AGAIN_S: Final = 0.01
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


class PastingInserter:
    """An ``Inserter`` that pastes or types through the operating system."""

    def __init__(self, clipboard: Clipboard, keys: SystemKeys, rules: Rules) -> None:
        self.rules = rules
        self._clipboard = clipboard
        self._keys = keys
        self._flow = PasteFlow(clipboard)
        self._turn = asyncio.Lock()

    async def target(self) -> Target | None:
        """Return the focused window; on macOS the focused program."""
        return self._keys.target()

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Insert ``text`` if ``target`` has the focus, in the order of the calls."""
        if target is None:
            return held_insertion(HoldReason.NO_TARGET)
        rules = rules_for(target, self.rules)
        if rules.hold:
            return held_insertion(HoldReason.PROGRAM_RULE)
        async with self._turn:
            reason = await self._ready(target)
            if reason is not None:
                return held_insertion(reason)
            if rules.strategy is Strategy.TYPE and not target.own:  # typed letters would press our own buttons
                return self._type(text, target, rules.newline)
            return await self._paste(text, target)

    async def close(self) -> None:
        """Restore the clipboard at once. Safe to call twice."""
        await self._flow.close()

    async def _ready(self, target: Target) -> HoldReason | None:
        end = time.monotonic() + _RELEASE_DEADLINE_S
        while self._keys.modifiers_held():
            if time.monotonic() >= end:
                return HoldReason.MODIFIERS_HELD
            await asyncio.sleep(_CHECK_AGAIN_S)
        return None if self._has_focus(target) else HoldReason.FOCUS_MOVED

    def _has_focus(self, target: Target) -> bool:
        now = self._keys.target()
        return now is not None and now.window == target.window

    def _type(self, text: str, target: Target, newline: Newline) -> Insertion:
        # ``pynput`` types a line break as Return without Shift.
        pressed = Newline.RETURN if newline is Newline.RETURN else Newline.SPACE
        self._keys.type(to_type(text, target, pressed))
        return Insertion(InsertionResult.TYPED)

    async def _paste(self, text: str, target: Target) -> Insertion:
        async def press() -> HoldReason | None:
            if not self._has_focus(target):
                return HoldReason.FOCUS_MOVED
            self._clipboard.expect_read()
            self._keys.paste(terminal=target.terminal)
            return None

        reason = await self._flow.paste(to_paste(text, target), press)
        return Insertion(InsertionResult.PASTED) if reason is None else held_insertion(reason)
