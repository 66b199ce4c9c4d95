"""On a real screen: the icon appears in the tray, a click opens the window."""

import sys
from pathlib import Path

from tests.helpers.desktop import running_desktop
from tests.helpers.waiting import wait_until_sync

PROGRAM = (sys.executable, "-m", "tests.app.ui.on_screen")


def test_the_icon_is_in_the_tray_and_opens_the_window(tmp_path: Path) -> None:
    with running_desktop(tmp_path) as desktop:
        tray = desktop.xdotool("search", "--class", "stalonetray").split()[-1]

        def inside() -> list[str]:
            return desktop.xdotool("search", "--onlyvisible", "--class", "on_screen").split()

        before = inside()
        desktop.start(*PROGRAM, "tray", str(tmp_path / "switch"))
        wait_until_sync(lambda: set(inside()) - set(before), "an icon is in the tray")
        shown = desktop.xdotool("getwindowgeometry", "--shell", tray)
        place = dict(line.split("=") for line in shown.splitlines())
        desktop.xdotool("mousemove", str(int(place["X"]) + 12), str(int(place["Y"]) + 12), "click", "1")
        assert desktop.window("kikipounamu")
