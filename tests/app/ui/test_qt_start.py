"""A program without a usable screen ends with a remedy, where Qt alone would abort it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.bus_service import NOTIFICATIONS, bus_program, notifier
from tests.helpers.message_bus import running_bus
from tests.helpers.packages import require
from tests.helpers.qt import NEEDED

PROGRAM = str(Path(sys.executable).parent / "kikipounamu")
OF_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "LANGUAGE", "LC_ALL", "LC_MESSAGES")


def start(home: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Start the app where only these variables name a screen."""
    require(NEEDED)
    kept = {name: value for name, value in os.environ.items() if name not in OF_SCREENS}
    own = {"KIKIPOUNAMU_HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    environment = kept | own | {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"} | variables
    return subprocess.run([PROGRAM, "app"], env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux names its display in the environment")
@pytest.mark.parametrize("screen", [{"DISPLAY": ":64999"}, {"WAYLAND_DISPLAY": "nowhere"}])
def test_unreachable_screen_is_named_with_a_remedy(screen: dict[str, str], tmp_path: Path) -> None:
    done = start(tmp_path, **screen)
    assert done.returncode == 1, done.stderr
    assert "reinstall" not in done.stderr.lower()
    last = done.stderr.splitlines()[-1]  # Wayland's own library writes a line before
    assert next(iter(screen.values())) in last and "start the app in a desktop session" in last


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux names its display in the environment")
def test_unreachable_screen_is_reported_in_a_notification(tmp_path: Path) -> None:
    with running_bus(tmp_path) as bus, bus_program(bus.address, NOTIFICATIONS, notifier()) as desktop:
        start(tmp_path, DISPLAY=":64999", DBUS_SESSION_BUS_ADDRESS=bus.address, LANG="zh_CN.UTF-8")
        assert "无法连接显示器 :64999" in desktop.calls[-1].values[4]
