"""Overlay on a real screen, above a text field of another process: focus and clicks stay with the field."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.core.area import Area
from app.ui.dictation.overlay_place import FROM_EDGE
from app.ui.dictation.pill import HEIGHT
from tests.helpers.desktop import Desktop, TextField, running_desktop
from tests.helpers.waiting import wait_until, wait_until_sync
from tests.helpers.wayland_desktop import WaylandDesktop, running_labwc, running_sway
from tests.helpers.wayland_eye import Pixels, drawn, picture, pointing

PROGRAM = (sys.executable, "-m", "tests.app.ui.on_screen")
AS_PROOF = pytest.mark.proof(minutes=0.2)
MIDDLE = 400
"""First row of the lower half of a screen; the text cursor of the field, which blinks, is above."""


def overlays(desktop: Desktop) -> list[str]:
    """Return the visible overlay windows of the program."""
    return desktop.xdotool("search", "--onlyvisible", "--name", "^kikipounamu: overlay$").split()


def properties(desktop: Desktop, *names: str) -> str:
    done = subprocess.run(
        ["xprop", *names], env=desktop.environment, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


def geometry(desktop: Desktop, window: str) -> dict[str, int]:
    lines = desktop.xdotool("getwindowgeometry", "--shell", window).splitlines()
    return {name: int(value) for name, value in (line.split("=") for line in lines)}


async def test_overlay_takes_neither_focus_nor_clicks(tmp_path: Path) -> None:
    switch = tmp_path / "switch"
    with running_desktop(tmp_path, tray=False) as desktop:
        field = TextField(desktop)
        window = field.focus()
        desktop.xdotool("windowmove", window, "0", "0")
        desktop.xdotool("windowsize", "--sync", window, "1270", "760")
        desktop.start(*PROGRAM, "overlay", str(switch))
        wait_until_sync(switch.with_suffix(".ready").exists, "the program runs")
        desktop.xdotool("type", "one ")
        await field.shows("one ")

        switch.touch()
        (overlay,) = await wait_until(lambda: overlays(desktop), "the overlay is seen")
        assert desktop.xdotool("getactivewindow") == window
        assert desktop.xdotool("getwindowfocus") == window
        desktop.xdotool("type", "two ")
        await field.shows("one two ")

        place = geometry(desktop, overlay)
        assert place["Y"] + place["HEIGHT"] <= 800 and place["Y"] > 500
        middle = place["X"] + place["WIDTH"] // 2, place["Y"] + place["HEIGHT"] // 2
        desktop.xdotool("key", "ctrl+Home")
        desktop.xdotool("mousemove", str(middle[0]), str(middle[1]), "click", "1")
        desktop.xdotool("type", "three")  # the click reached the field: the cursor is at the end of the text again
        await field.shows("one two three")
        assert desktop.xdotool("getactivewindow") == window

        listed = properties(desktop, "-root", "_NET_CLIENT_LIST")
        assert hex(int(overlay)) not in listed
        assert hex(int(window)) in listed
        switch.unlink()
        await wait_until(lambda: not overlays(desktop), "the overlay is gone")
        assert desktop.xdotool("getactivewindow") == window


@pytest.mark.parametrize(
    "compositor", ["sway", pytest.param("labwc", marks=AS_PROOF), pytest.param("xwayland of sway", marks=AS_PROOF)]
)
async def test_overlay_takes_neither_focus_nor_clicks_on_wayland(tmp_path: Path, compositor: str) -> None:
    running = running_labwc if compositor == "labwc" else running_sway
    xwayland = {"QT_QPA_PLATFORM": "xcb"} if compositor.startswith("xwayland") else {}
    switch = tmp_path / "switch"
    with running(tmp_path) as desktop:
        desktop.start(*PROGRAM, "overlay", str(switch), **xwayland)
        wait_until_sync(switch.with_suffix(".ready").exists, "the program runs")
        async with pointing(desktop) as pointer:
            field = TextField(desktop)
            _maximise(desktop, field)
            _type(desktop, "one ")
            await field.shows("one ")
            before = picture(desktop)[MIDDLE:]
            width, height = before.shape[1], MIDDLE + before.shape[0]

            switch.touch()
            place = await wait_until(lambda: _pill(desktop, before), "the overlay is seen")
            assert place.bottom == height - FROM_EDGE and abs(place.middle[0] - width // 2) <= 1
            assert desktop.focused == field.title
            _type(desktop, "two ")
            await field.shows("one two ")

            desktop.tap("ctrl+Home")
            await pointer.click(place.middle, (width, height))
            _type(desktop, "three")  # the click reached the field: the cursor is at the end of the text again
            await field.shows("one two three")
            assert desktop.focused == field.title
            assert [one.title for one in desktop.hand.windows] == [field.title]
            switch.unlink()
            await wait_until(lambda: _pill(desktop, before) is None, "the overlay is gone")
            assert desktop.focused == field.title


def _pill(desktop: WaylandDesktop, before: Pixels) -> Area | None:
    """Return the place of the pill without its shadow, once it has grown."""
    found = drawn(picture(desktop)[MIDDLE:], before, least=64)
    return Area(found.x, found.y + MIDDLE, *found[2:]) if found and found.height > HEIGHT else None


def _maximise(desktop: WaylandDesktop, field: TextField) -> None:
    """Let a field fill the screen."""
    handle = desktop.window(field.title).handle
    desktop.hand.do(lambda: handle.request("set_maximized"))
    wait_until_sync(lambda: (picture(desktop)[-200:-40, 40:-40] > 200).all(), "the field fills the screen")


def _type(desktop: WaylandDesktop, text: str) -> None:
    for letter in text:
        desktop.tap("space" if letter == " " else letter)
