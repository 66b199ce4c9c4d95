"""Run a real KWin without a screen, for proofs."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.packages import require
from tests.helpers.waiting import wait_until_sync
from tests.helpers.wayland_desktop import WaylandDesktop

_SETTINGS = """<busconfig><type>session</type><listen>unix:path={place}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>"""


@contextmanager
def session_bus(folder: Path) -> Iterator[str]:
    """Run the bus of a session, and yield its address."""
    require(("dbus-daemon",))
    settings = folder / "bus.conf"
    settings.write_text(_SETTINGS.format(place=folder / "bus"))
    address = f"unix:path={folder / 'bus'}"
    command = ("dbus-daemon", f"--config-file={settings}", "--nofork", "--print-address=1")
    daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert daemon.stdout is not None
    daemon.stdout.readline()
    yield address
    daemon.terminate()
    daemon.wait(10)
    daemon.stdout.close()


@contextmanager
def running_kwin(folder: Path, environment: dict[str, str]) -> Iterator[WaylandDesktop]:
    """Run a real KWin without a screen."""
    with tempfile.TemporaryDirectory(prefix="kiki-kwin-") as run:
        screen = WaylandDesktop(folder, {"XDG_RUNTIME_DIR": run, **environment})
        try:
            size = ("--width", "1280", "--height", "800")
            screen.start("kwin_wayland", "--virtual", *size, "--no-lockscreen", "--socket", "wayland-kwin")
            screen.variables["WAYLAND_DISPLAY"] = "wayland-kwin"
            wait_until_sync((Path(run) / "wayland-kwin").is_socket, "KWin runs")
            yield screen
        finally:
            screen.close()
            sys.stderr.write(screen.logs())
