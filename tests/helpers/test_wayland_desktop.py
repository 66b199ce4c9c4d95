"""The headless Wayland desktops for tests."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest

from tests.helpers.desktop import Terminal, TextField
from tests.helpers.processes import gone
from tests.helpers.waiting import wait_until_sync
from tests.helpers.wayland_desktop import (
    FootTerminal,
    GtkField,
    WaylandDesktop,
    require_sway,
    running_labwc,
    running_sway,
)

Running = Callable[[Path], AbstractContextManager[WaylandDesktop]]
ENDLESS = """
import pathlib, sys
from tests.helpers.wayland_desktop import running_sway
with running_sway(pathlib.Path(sys.argv[1])) as desktop:
    print(desktop.variables["XDG_RUNTIME_DIR"], *(process.pid for process in desktop.processes), flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("running", [running_sway, running_labwc])
def test_keys_and_clipboard_reach_the_focused_window(running: Running, tmp_path: Path) -> None:
    with running(tmp_path) as desktop:
        first, second = TextField(desktop, "first"), TextField(desktop, "second")
        picture = bytes(range(256)) * 1000
        desktop.copy_all({"text/plain;charset=utf-8": "naïve 你好".encode(), "image/png": picture})
        first.focus()
        desktop.tap("ctrl+v")
        wait_until_sync(lambda: first.text == "naïve 你好", "the text is pasted")
        second.focus()
        desktop.tap("shift+z")
        desktop.layout("de")
        desktop.tap("z")
        wait_until_sync(lambda: second.text == "Zy", "the keys arrive, in the keyboard's layout")
        assert desktop.copied("image/png") == picture and desktop.focused == "second"


def test_killed_test_leaves_no_process_of_its_desktop(tmp_path: Path) -> None:
    require_sway()
    command = [sys.executable, "-c", ENDLESS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as test:
        assert test.stdout is not None
        run, *pids = test.stdout.readline().split()
        os.kill(test.pid, signal.SIGKILL)
    wait_until_sync(lambda: all(gone(int(pid)) for pid in pids), "all have ended")
    assert len(pids) == 2
    shutil.rmtree(run)


@pytest.mark.parametrize(
    ("kind", "keys"), [(GtkField, "ctrl+v"), (FootTerminal, "ctrl+shift+v"), (Terminal, "shift+Insert")]
)
def test_programs_of_each_kind_paste(kind: type[TextField | Terminal], keys: str, tmp_path: Path) -> None:
    with running_sway(tmp_path) as desktop:
        window = kind(desktop)
        for primary in (False, True):
            formats = ("text/plain;charset=utf-8", "UTF8_STRING")
            desktop.copy_all(dict.fromkeys(formats, "naïve 你好".encode()), primary=primary)
        for _ in range(3):  # Xwayland sometimes gets a selection too late for a program that asks at once
            desktop.tap(keys)
            with suppress(AssertionError):
                wait_until_sync(lambda: window.text, "something is pasted", 10)
                break
        wait_until_sync(lambda: window.text == "naïve 你好", f"the text is pasted, not {window.text!r}")


def test_password_field_of_gtk_takes_keys(tmp_path: Path) -> None:
    with running_sway(tmp_path) as desktop:
        window = GtkField(desktop)
        window.focus_password()
        desktop.tap("a")
        wait_until_sync(lambda: window.password == "a", "the key arrives there")
        assert window.text == ""
