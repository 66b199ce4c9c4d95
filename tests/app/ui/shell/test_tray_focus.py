"""The window keeps its keys when an icon comes into a tray that gives it the focus."""

from pathlib import Path

from tests.app.ui.shell.test_tray_desktop import PROGRAM
from tests.helpers.desktop import TRAY, running_desktop
from tests.helpers.waiting import wait_until_sync

ICON = "QSystemTrayIconSysWindow"


def test_window_that_opened_before_its_tray_icon_keeps_the_keys(tmp_path: Path) -> None:
    with running_desktop(tmp_path, tray=False) as desktop:
        desktop.start(*PROGRAM, "window", str(tmp_path / "switch"))
        desktop.active("kikipounamu")
        desktop.start(*TRAY)
        place = tmp_path / "switch.focus"

        def focused() -> list[str]:
            return place.read_text().split() if place.exists() else []

        wait_until_sync(lambda: ICON in focused(), "the icon gets the keys")
        wait_until_sync(lambda: focused()[-1] != ICON, "the window gets them back")
