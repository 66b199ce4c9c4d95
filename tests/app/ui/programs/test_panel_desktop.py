"""On a real screen: the menu offers a click, and the clicked window's program gets a rule."""

import sys
from contextlib import suppress
from pathlib import Path

from tests.helpers.desktop import Terminal, running_desktop
from tests.helpers.waiting import wait_until_sync


def test_program_is_added_by_menu_and_click(tmp_path: Path) -> None:
    log = tmp_path / "log"

    def told() -> list[str]:
        return log.read_text().splitlines() if log.exists() else []

    with running_desktop(tmp_path, tray=False) as desktop:
        desktop.start(sys.executable, "-m", "tests.app.ui.programs.on_screen", str(log))
        desktop.window("rules")
        terminal = Terminal(desktop, "to be picked")
        place = ("windowsize", "--sync", terminal.focus(), "300", "200", "windowmove", "--sync", terminal.focus())
        desktop.xdotool(*place, "900", "500")
        desktop.focus("rules")
        desktop.xdotool("key", "space")  # the menu holds pointer and keyboard until it is closed
        wait_until_sync(lambda: told() == ["menu"], "the menu is open")
        desktop.xdotool("key", "Down")
        desktop.xdotool("key", "Return")
        wait_until_sync(lambda: "waiting" in told(), "the app waits for a click")

        def picked() -> bool:
            return "picked" in told()

        while not picked():  # both are grabbed a moment later; a click after that would move the focus
            desktop.xdotool("mousemove", "1000", "600", "click", "1")
            with suppress(AssertionError):
                wait_until_sync(picked, "the click is seen", 0.5)
        wait_until_sync(lambda: "XTerm" in told()[-1], "the rule is requested")
        desktop.active("rules")
        assert told()[1] == "PickProgram(on=True)" and terminal.text == ""
