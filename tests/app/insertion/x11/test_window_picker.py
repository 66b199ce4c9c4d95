"""Clicks on real windows of a real X server pick their programs; Esc and other buttons cancel."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from Xlib import X

from app.insertion.program_picker import PickState, ProgramPick
from app.insertion.x11.window_picker import pick_program
from app.x11.connection import X11Connection
from tests.helpers.desktop import Desktop, Terminal, TextField, running_desktop
from tests.helpers.waiting import wait_until, wait_until_sync
from tests.helpers.x11 import connected


@contextmanager
def picking(desktop: Desktop, other: X11Connection, deadline_s: float = 30.0) -> Iterator["Future[ProgramPick]"]:
    """Pick in a loop of its own; yield once the pointer is grabbed."""
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(asyncio.run, pick_program(desktop.display, deadline_s))
        wait_until_sync(lambda: future.done() or grabbed(other), "the pointer is grabbed")
        yield future


def grabbed(other: X11Connection) -> bool:
    """Return whether another client has the keyboard, which is grabbed after the pointer."""
    free = other.root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime) == X.GrabSuccess
    if free:
        other.display.ungrab_keyboard(X.CurrentTime)
        other.display.sync()
    return not free


def put(desktop: Desktop, window: str, x: int, y: int) -> None:
    desktop.xdotool("windowsize", "--sync", window, "300", "200", "windowmove", "--sync", window, str(x), str(y))


def click(desktop: Desktop, x: int, y: int, button: int = 1) -> None:
    desktop.xdotool("mousemove", str(x), str(y), "click", str(button))


def pick_at(desktop: Desktop, other: X11Connection, window: str, x: int, y: int) -> ProgramPick:
    """Pick by a click at this distance from the corner where the window is now."""
    lines = desktop.xdotool("getwindowgeometry", "--shell", window).splitlines()
    place = dict(line.split("=") for line in lines)
    with picking(desktop, other) as future:
        click(desktop, int(place["X"]) + x, int(place["Y"]) + y)
        return future.result(10)


def test_click_on_a_window_reports_its_program(screen: Desktop, other: X11Connection) -> None:
    field, terminal = TextField(screen, "picked"), Terminal(screen, "not picked")
    put(screen, field.focus(), 50, 100)
    put(screen, terminal.focus(), 700, 400)
    with picking(screen, other) as future:
        click(screen, 200, 200)
        assert future.result(10) == ProgramPick(PickState.PICKED, "text_field.py")
    with picking(screen, other) as future:
        click(screen, 850, 500)
        assert future.result(10) == ProgramPick(PickState.PICKED, "XTerm")
    assert not grabbed(other), "keyboard and pointer are free again"
    assert terminal.text == "" and field.text == "", "the programs saw nothing of it"


def test_click_on_a_title_bar_reports_the_program_too(screen: Desktop, other: X11Connection) -> None:
    """The window manager may move a new window once more."""
    window = Terminal(screen, "with a title").focus()
    put(screen, window, 300, 300)
    told = ProgramPick(PickState.PICKED, "XTerm")
    wait_until_sync(lambda: pick_at(screen, other, window, 100, -8) == told, "its program is told")


def test_click_beside_all_windows_finds_no_program(screen: Desktop, other: X11Connection) -> None:
    with picking(screen, other) as future:
        click(screen, 1_270, 790, 4)  # the wheel is no click
        click(screen, 1_270, 790)
        assert future.result(10) == ProgramPick(PickState.NO_PROGRAM)


def test_own_window_is_not_picked(screen: Desktop, connection: X11Connection, other: X11Connection) -> None:
    """The window manager may move a new window once more."""
    ours = connection.root.create_window(0, 0, 90, 90, 0, X.CopyFromParent)
    ours.set_wm_name("our own")
    ours.map()
    connection.display.sync()
    put(screen, window := screen.focus("our own"), 600, 100)
    assert connection.program(ours.id) == os.getpid()
    told = ProgramPick(PickState.OWN)
    wait_until_sync(lambda: pick_at(screen, other, window, 100, 100) == told, "it is told as our own")
    ours.destroy()
    connection.display.sync()


@pytest.mark.parametrize("button", [None, 3], ids=["escape", "right-button"])
def test_pick_is_cancelled_by_the_user(screen: Desktop, other: X11Connection, button: int | None) -> None:
    with picking(screen, other) as future:
        screen.xdotool("key", "a")
        if button is None:
            screen.xdotool("key", "Escape")
        else:
            click(screen, 640, 400, button)
        assert future.result(10) == ProgramPick(PickState.CANCELLED)
    assert not grabbed(other)


async def test_pick_that_is_stopped_releases_keyboard_and_pointer(screen: Desktop, other: X11Connection) -> None:
    pick = asyncio.create_task(pick_program(screen.display))
    await wait_until(lambda: grabbed(other), "the pointer is grabbed")
    pick.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pick
    assert not grabbed(other)


async def test_pick_is_unavailable_when_its_server_ends(tmp_path: Path) -> None:
    with running_desktop(tmp_path, tray=False) as desktop:
        with connected(desktop) as other:
            pick = asyncio.create_task(pick_program(desktop.display))
            await wait_until(lambda: grabbed(other), "the pointer is grabbed")
        await asyncio.to_thread(desktop.close)
        assert await pick == ProgramPick(PickState.UNAVAILABLE)


def test_pick_ends_at_its_deadline(screen: Desktop, other: X11Connection) -> None:
    with picking(screen, other, deadline_s=0.2) as future:
        assert future.result(10) == ProgramPick(PickState.LATE)
    assert not grabbed(other)


async def test_pick_gives_up_while_another_program_holds_the_keyboard(
    screen: Desktop, other: X11Connection
) -> None:
    other.root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    other.display.sync()
    assert await pick_program(screen.display) == ProgramPick(PickState.BUSY)
    other.display.ungrab_keyboard(X.CurrentTime)
    other.display.sync()
    status = other.root.grab_pointer(
        False, X.ButtonPressMask, X.GrabModeAsync, X.GrabModeAsync, X.NONE, X.NONE, X.CurrentTime
    )
    assert status == X.GrabSuccess, "the pointer is not left grabbed"
    other.display.ungrab_pointer(X.CurrentTime)
    other.display.sync()


async def test_pick_without_screen_is_unavailable() -> None:
    assert await pick_program("no display") == ProgramPick(PickState.UNAVAILABLE)
