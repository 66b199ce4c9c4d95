"""Overlay on a real screen, above a text field of another process: focus and clicks stay with the field."""

import subprocess
import sys
from pathlib import Path

from tests.helpers.desktop import Desktop, TextField, running_desktop
from tests.helpers.waiting import wait_until, wait_until_sync

PROGRAM = (sys.executable, "-m", "tests.app.ui.on_screen")


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
