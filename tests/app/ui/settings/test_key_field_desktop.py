"""On a real screen: a held key repeats, and belongs to the field until it stays up."""

import sys
from pathlib import Path

from tests.helpers.desktop import running_desktop
from tests.helpers.waiting import wait_until_sync

PROGRAM = (sys.executable, "-m", "tests.app.ui.on_screen")
REPEATS_S = "0.9"  # keys repeat after 0.66 s


def test_key_field_owns_repeating_key_until_release(tmp_path: Path) -> None:
    log = tmp_path / "switch.log"

    def told() -> str:
        return log.read_text() if log.exists() else ""

    with running_desktop(tmp_path, tray=False) as desktop:
        desktop.start(*PROGRAM, "key", str(tmp_path / "switch"))
        desktop.focus("key field")
        desktop.xdotool("key", "Return")
        wait_until_sync(lambda: told() == "True", "it listens")
        desktop.xdotool("keydown", "F9")
        wait_until_sync(lambda: told() == "True f9", "the key is told")
        desktop.xdotool("sleep", REPEATS_S)
        assert told() == "True f9"
        desktop.xdotool("keyup", "F9")
        wait_until_sync(lambda: told() == "True f9 False", "it listens no longer")
