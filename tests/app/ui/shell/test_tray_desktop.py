"""Tray on a real screen: the icon appears, and a click opens the window."""

import sys
from pathlib import Path

from tests.helpers.desktop import Desktop, running_desktop
from tests.helpers.waiting import wait_until_sync

PROGRAM = (sys.executable, "-m", "tests.app.ui.on_screen")


def place_of(desktop: Desktop, window: str) -> tuple[range, range]:
    """Return the columns and rows of the screen that a window covers; empty ranges if it does not exist."""
    shown = desktop.xdotool("getwindowgeometry", "--shell", window)
    of = {name: int(value) for name, value in (line.split("=") for line in shown.splitlines())}
    x, y = of.get("X", 0), of.get("Y", 0)
    return range(x, x + of.get("WIDTH", 0)), range(y, y + of.get("HEIGHT", 0))


def lies_in(inner: range, outer: range) -> bool:
    return len(inner) > 0 and inner[0] in outer and inner[-1] in outer


def test_icon_appears_in_tray_and_opens_window(tmp_path: Path) -> None:
    with running_desktop(tmp_path) as desktop:
        tray = desktop.xdotool("search", "--class", "stalonetray").split()[-1]

        def icon() -> tuple[range, range] | None:
            """Return the icon's place once it is in the tray; before that it is a window of its own."""
            columns, rows = place_of(desktop, tray)
            for window in desktop.xdotool("search", "--onlyvisible", "--class", "on_screen").split():
                across, down = place_of(desktop, window)
                if lies_in(across, columns) and lies_in(down, rows):
                    return across, down
            return None

        desktop.start(*PROGRAM, "tray", str(tmp_path / "switch"))
        across, down = wait_until_sync(icon, "an icon is in the tray")
        x, y = across[len(across) // 2], down[len(down) // 2]
        desktop.xdotool("mousemove", str(x), str(y), "click", "1")
        assert desktop.window("kikipounamu")
