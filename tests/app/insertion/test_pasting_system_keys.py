"""Windows and macOS are simulated: the tests check the calls, not the real systems' answers."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from app.insertion.errors import InsertionUnavailable
from app.insertion.pasting import MacKeys, WindowsKeys, open_system_keys


class Keyboard:
    """A substitute for the module ``pynput.keyboard``."""

    Key = SimpleNamespace(ctrl="ctrl", shift="shift", cmd="cmd")

    def __init__(self) -> None:
        self.done: list[str] = []

    def Controller(self) -> "Keyboard":
        return self

    @contextmanager
    def pressed(self, *keys: str) -> Iterator[None]:
        self.done += keys
        yield

    def tap(self, key: str) -> None:
        self.done.append(key)

    def type(self, text: str) -> None:
        self.done.append(text)


class User32:
    def __init__(self, window: int = 7, down: int = 0) -> None:
        self.window, self.down = window, down

    def GetForegroundWindow(self) -> int:
        return self.window

    def GetWindowThreadProcessId(self, window: int, number: Any) -> None:
        number._obj.value = psutil.Process().pid

    def GetAsyncKeyState(self, code: int) -> int:
        return 0x8000 if code == self.down else 0x0001


def test_windows_keys_read_focus_and_press_keys() -> None:
    keyboard = Keyboard()
    keys = WindowsKeys(User32(), keyboard)
    target = keys.target()
    assert target is not None and target.window == 7 and target.program == psutil.Process().name()
    assert target.own, "its process is this one"
    assert not keys.modifiers_held()
    assert WindowsKeys(User32(down=0x12), keyboard).modifiers_held()
    assert WindowsKeys(User32(window=0), keyboard).target() is None
    keys.paste(terminal=True)
    keys.paste(terminal=False)
    keys.type("text")
    assert keyboard.done == ["ctrl", "shift", "v", "ctrl", "v", "text"]


def test_mac_keys_read_focus_and_press_keys() -> None:
    keyboard = Keyboard()
    front = SimpleNamespace(localizedName=lambda: "Terminal", processIdentifier=lambda: 9)
    workspace = SimpleNamespace(frontmostApplication=lambda: front)
    keys = MacKeys(workspace, SimpleNamespace(CGEventSourceFlagsState=lambda state: 0x100000), keyboard)
    target = keys.target()
    assert target is not None and (target.window, target.terminal) == (9, True)
    assert keys.modifiers_held()
    assert not MacKeys(
        workspace, SimpleNamespace(CGEventSourceFlagsState=lambda state: 0x10000), keyboard
    ).modifiers_held()
    assert MacKeys(SimpleNamespace(frontmostApplication=lambda: None), None, keyboard).target() is None
    keys.paste(terminal=True)
    keys.type("text")
    assert keyboard.done == ["cmd", "v", "text"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="needs Linux")
def test_error_says_what_to_do_on_other_systems() -> None:
    with pytest.raises(InsertionUnavailable, match=r"kikipounamu\[desktop\]|main window"):
        open_system_keys()
