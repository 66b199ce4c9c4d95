"""A program without a usable screen ends with a remedy, where Qt alone would abort it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.packages import require
from tests.helpers.qt import NEEDED

PROGRAM = str(Path(sys.executable).parent / "kikipounamu")
NOWHERE = ":64999"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux names its display in the environment")
@pytest.mark.parametrize("screens", [{"DISPLAY": NOWHERE}, {"WAYLAND_DISPLAY": "nowhere"}])
def test_unreachable_screen_is_named_with_a_remedy(screens: dict[str, str], tmp_path: Path) -> None:
    require(NEEDED)
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    kept.pop("QT_QPA_PLATFORM", None)
    own = {"KIKIPOUNAMU_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    own["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    done = subprocess.run([PROGRAM, "app"], env=kept | own | screens, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert "reinstall" not in done.stderr.lower()
    last = done.stderr.splitlines()[-1]  # Wayland's own library writes a line before
    assert next(iter(screens.values())) in last and "start the app in a desktop session" in last
