"""Run a real KWin without a screen, for proofs."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from app.wayland.connection import WaylandConnection
from app.wayland.interfaces import Interface, by_name
from app.wayland.wire import Message
from tests.helpers.packages import require
from tests.helpers.waiting import wait_until_sync
from tests.helpers.wayland_desktop import WaylandDesktop
from tests.helpers.wayland_hand import CODES

TRUSTING: Final = {"KWIN_WAYLAND_NO_PERMISSION_CHECKS": "1"}
"""Environment of a KWin that lets every program press keys."""
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
    require(("kwin-wayland",))
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


FAKE_INPUT: Final = Interface(
    "org_kde_kwin_fake_input",
    4,
    tuple(
        Message(name, signature)
        for name, signature in (
            ("authenticate", "ss"),
            ("pointer_motion", "ff"),
            ("button", "uu"),
            ("axis", "uf"),
            ("touch_down", "uff"),
            ("touch_motion", "uff"),
            ("touch_up", "u"),
            ("touch_cancel", ""),
            ("touch_frame", ""),
            ("pointer_motion_absolute", "ff"),
            ("keyboard_key", "uu"),
        )
    ),
)
"""The keys of a user of KWin. Source: plasma-wayland-protocols "fake input", of which these are facts."""


class KWinKeys:
    """The fingers of a user, on a KWin that was started with ``TRUSTING``."""

    def __init__(self, wayland: WaylandConnection) -> None:
        self._wayland = wayland
        self._input = wayland.bind(FAKE_INPUT)
        self._input.request("authenticate", "tests", "tests")

    @classmethod
    async def open(cls, environment: Mapping[str, str]) -> Self:
        """Connect to the KWin of this environment."""
        known = {**by_name(), FAKE_INPUT.name: FAKE_INPUT}
        return cls(await WaylandConnection.open(environment, known))

    async def press(self, *names: str) -> None:
        """Press keys, which stay down."""
        for name in names:
            await self._key(name, down=True)

    async def release(self, *names: str) -> None:
        """Release keys that are down."""
        for name in names:
            await self._key(name, down=False)

    async def close(self) -> None:
        """End the connection to the compositor."""
        await self._wayland.close()

    async def _key(self, name: str, *, down: bool) -> None:
        self._input.request("keyboard_key", CODES[name], int(down))
        await self._wayland.roundtrip()
