"""Test the real app on a desktop without a tray: how a user comes back to it."""

import subprocess
from pathlib import Path

import pytest

from tests.helpers.accessible_desktop import start_bus
from tests.helpers.bus_service import NOTIFICATIONS, bus_program, notifier
from tests.helpers.chain import BIN
from tests.helpers.desktop import Desktop, running_desktop
from tests.helpers.packages import require
from tests.helpers.qt import NEEDED
from tests.helpers.waiting import wait_until_sync

pytestmark = [pytest.mark.serial("windows"), pytest.mark.timeout(300)]

PROGRAM = str(BIN / "kikipounamu")
START_S = 120.0


def shown(desktop: Desktop) -> str:
    return desktop.xdotool("search", "--onlyvisible", "--name", "^kikipounamu$")


def test_hidden_app_reports_way_back_once_and_show_raises_window(tmp_path: Path) -> None:
    require(NEEDED)
    with running_desktop(tmp_path, tray=False) as desktop:
        address = start_bus(desktop)
        environment = {"KIKIPOUNAMU_HOME": str(tmp_path / "home"), "DBUS_SESSION_BUS_ADDRESS": address}

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            own = desktop.environment | environment
            return subprocess.run([PROGRAM, *words], env=own, capture_output=True, text=True, timeout=60)

        with bus_program(address, NOTIFICATIONS, notifier()) as notifications:
            app = desktop.start(PROGRAM, "app", "--hidden", "--engine", "checksum", **environment)
            wait_until_sync(lambda: notifications.calls, "the user is told", START_S)
            assert "kikipounamu show" in notifications.calls[0].values[4]
            assert shown(desktop) == "", "it was started hidden"
            wait_until_sync(lambda: run("show").returncode == 0, "the app answers", START_S)
            desktop.active("kikipounamu")
            assert run("quit").returncode == 0
            app.wait(60)
            assert len(notifications.calls) == 1
