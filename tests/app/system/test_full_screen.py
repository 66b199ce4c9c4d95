"""Tests of full-screen detection, also on a real X server with a window manager."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.system.full_screen import FullScreen, full_screen
from app.x11.errors import X11Gone, X11Missing
from tests.helpers.desktop import TextField, running_desktop
from tests.helpers.waiting import wait_until


class Screen:
    """Fake screen that works until ``problem`` is set."""

    def __init__(self) -> None:
        self.opened = self.closed = 0
        self.problem: Exception | None = None

    async def open(self) -> None:
        self.opened += 1
        if isinstance(self.problem, X11Missing):
            raise self.problem

    async def call(self, work: Callable[[Any], bool]) -> bool:
        if self.problem:
            raise self.problem
        return True

    async def close(self) -> None:
        self.closed += 1


async def test_full_screen_reconnects_after_screen_is_gone() -> None:
    screen = Screen()
    full = FullScreen(lambda: screen)
    assert await full.now() is True and await full.now() is True and screen.opened == 1
    screen.problem = X11Gone()
    assert await full.now() is None and screen.closed == 1
    screen.problem = X11Missing("gone")
    assert await full.now() is None
    screen.problem = None
    assert await full.now() is True
    await full.close()
    await full.close()
    assert screen.closed == 2


@pytest.mark.parametrize(
    ("platform", "environment"),
    [("darwin", {}), ("linux", {}), ("linux", {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"})],
)
async def test_full_screen_is_unknown_on_other_platforms(platform: str, environment: dict[str, str]) -> None:
    assert await full_screen(platform, environment).now() is None


def ask_manager(display: str, window: int, *, fill: bool) -> None:
    """Ask the window manager to make a window full-screen, or to end that.

    Source: Extended Window Manager Hints, _NET_WM_STATE.
    """
    from Xlib import X
    from Xlib.display import Display
    from Xlib.protocol.event import ClientMessage

    connection = Display(display)
    state, full = connection.intern_atom("_NET_WM_STATE"), connection.intern_atom("_NET_WM_STATE_FULLSCREEN")
    subject = connection.create_resource_object("window", window)
    message = ClientMessage(window=subject, client_type=state, data=(32, [int(fill), full, 0, 1, 0]))
    root = connection.screen().root
    root.send_event(message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
    connection.sync()
    connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: an X server")
async def test_full_screen_window_is_detected_on_x11(tmp_path: Path) -> None:
    with running_desktop(tmp_path, tray=False) as desktop:
        window = TextField(desktop).focus()
        full = full_screen("linux", {"DISPLAY": desktop.display})
        await wait_until(lambda: _is(full, False), "nothing fills it")
        ask_manager(desktop.display, int(window), fill=True)
        await wait_until(lambda: _is(full, True), "it does")
        ask_manager(desktop.display, int(window), fill=False)
        await wait_until(lambda: _is(full, False), "nothing fills it any more")
        await full.close()


async def _is(full: FullScreen, wanted: bool) -> bool:
    return await full.now() is wanted
