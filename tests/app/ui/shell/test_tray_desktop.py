"""Tray on a real screen: the icon appears, also in a panel that starts later, and a click opens the window.

Both kinds of tray are tested: XEmbed, and StatusNotifierItem over a bus of the session.
"""

import sys
from pathlib import Path
from typing import Any

from app.bus.connection import BusObject, MethodCall
from app.ui.strings.texts import Texts
from tests.helpers.accessible_desktop import start_bus
from tests.helpers.bus_service import WATCHER, BusProgram, bus_program, icon_host
from tests.helpers.desktop import TRAY, Desktop, running_desktop
from tests.helpers.waiting import DEADLINE_S, wait_until_sync

ITEM, ITEM_PATH = "org.kde.StatusNotifierItem", "/StatusNotifierItem"
MENU, PROPERTIES = "com.canonical.dbusmenu", "org.freedesktop.DBus.Properties"
PROGRAM = (sys.executable, "-m", "tests.app.ui.on_screen")


def place_of(desktop: Desktop, window: str) -> tuple[range, range]:
    """Return the columns and rows of the screen that a window covers; empty ranges if it does not exist."""
    shown = desktop.xdotool("getwindowgeometry", "--shell", window)
    of = {name: int(value) for name, value in (line.split("=") for line in shown.splitlines())}
    x, y = of.get("X", 0), of.get("Y", 0)
    return range(x, x + of.get("WIDTH", 0)), range(y, y + of.get("HEIGHT", 0))


def lies_in(inner: range, outer: range) -> bool:
    return len(inner) > 0 and inner[0] in outer and inner[-1] in outer


def icon(desktop: Desktop) -> tuple[range, range] | None:
    """Return the icon's place once it is in the tray; before that it is a separate window."""
    trays = desktop.xdotool("search", "--class", "stalonetray").split()
    columns, rows = place_of(desktop, trays[-1]) if trays else (range(0), range(0))
    for window in desktop.xdotool("search", "--onlyvisible", "--class", "on_screen").split():
        across, down = place_of(desktop, window)
        if lies_in(across, columns) and lies_in(down, rows):
            return across, down
    return None


def click_icon(desktop: Desktop) -> None:
    across, down = wait_until_sync(lambda: icon(desktop), "an icon is in the tray")
    x, y = across[len(across) // 2], down[len(down) // 2]
    desktop.xdotool("mousemove", str(x), str(y), "click", "1")


def test_icon_appears_in_tray_and_opens_window(tmp_path: Path) -> None:
    with running_desktop(tmp_path) as desktop:
        desktop.start(*PROGRAM, "tray", str(tmp_path / "switch"))
        click_icon(desktop)
        assert desktop.window("kikipounamu")


def test_icon_comes_to_tray_that_starts_later_or_again(tmp_path: Path) -> None:
    with running_desktop(tmp_path, tray=False) as desktop:
        desktop.start(*PROGRAM, "tray", str(tmp_path / "switch"))
        wait_until_sync((tmp_path / "switch.ready").exists, "the program runs")
        panel = desktop.start(*TRAY)
        wait_until_sync(lambda: icon(desktop), "an icon is in the tray")
        panel.terminate()
        panel.wait(DEADLINE_S)
        wait_until_sync(lambda: icon(desktop) is None, "the tray is gone")
        desktop.start(*TRAY)
        click_icon(desktop)
        assert desktop.window("kikipounamu")


def test_click_on_icon_opens_window_that_is_on_another_workspace(tmp_path: Path) -> None:
    """The window stayed on its workspace, so the click seemed to do nothing."""
    with running_desktop(tmp_path) as desktop:
        desktop.start(*PROGRAM, "window", str(tmp_path / "switch"))
        window = desktop.window("kikipounamu")
        place = place_of(desktop, window)
        desktop.xdotool("set_desktop_for_window", window, "1")
        shown = ("search", "--onlyvisible", "--name", "^kikipounamu$")
        wait_until_sync(lambda: not desktop.xdotool(*shown), "the window is on another workspace")
        click_icon(desktop)
        assert desktop.window("kikipounamu") == window and desktop.xdotool("get_desktop") == "0"
        wait_until_sync(lambda: place_of(desktop, window) == place, "it is where it was")


def registered(host: BusProgram, count: int = 1) -> str:
    """Wait until the icon is registered with the panel, and return its program's name on the bus."""

    def items() -> list[MethodCall]:
        return [call for call in host.calls if call.member == "RegisterStatusNotifierItem"]

    wait_until_sync(lambda: len(items()) >= count, "the icon is registered")
    return items()[-1].sender


def labels(layout: tuple[Any, ...]) -> list[str]:
    """Return the labels of a menu's visible entries, from an answer of ``GetLayout``."""
    _, named, children = layout
    own = [str(named["label"])] if named.get("visible", True) and "label" in named else []
    return own + [label for child in children for label in labels(child)]


def test_icon_is_status_notifier_item_with_menu_for_panel_that_starts_later_or_again(tmp_path: Path) -> None:
    with running_desktop(tmp_path, tray=False) as desktop:
        address = start_bus(desktop)
        desktop.start(*PROGRAM, "tray", str(tmp_path / "switch"), DBUS_SESSION_BUS_ADDRESS=address)
        wait_until_sync((tmp_path / "switch.ready").exists, "the program runs")
        with bus_program(address, WATCHER, icon_host()) as host:
            registered(host)
        with bus_program(address, WATCHER, icon_host()) as host:
            name = registered(host)
            properties = BusObject(name, ITEM_PATH, PROPERTIES)
            (menu,) = host.call(properties, "Get", "ss", ITEM, "Menu")
            host.call(BusObject(name, menu, MENU), "AboutToShow", "i", 0)
            _, layout = host.call(BusObject(name, menu, MENU), "GetLayout", "iias", 0, -1, [])
            texts = Texts("en")
            wanted = (
                "tray.open",
                "action.stop",
                "tray.copy-last",
                "page.monitor",
                "lending.add",
                "shell.pause",
            )
            shown = labels(layout)
            assert [label for label in shown if not label.startswith("Recognise on this")] == [
                *(texts(key) for key in wanted),
                texts("action.quit"),
            ]
            (tip,) = host.call(properties, "Get", "ss", ITEM, "ToolTip")
            assert any(texts("state.listening") in part for part in tip if isinstance(part, str))
            host.call(BusObject(name, ITEM_PATH, ITEM), "Activate", "ii", 0, 0)
            assert desktop.window("kikipounamu")
