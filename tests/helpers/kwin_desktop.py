"""Run a real KWin without a screen, for proofs."""

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


@contextmanager
def running_kwin(folder: Path, environment: dict[str, str]) -> Iterator[WaylandDesktop]:
    """Run a real KWin without a screen."""
    with tempfile.TemporaryDirectory(prefix="kiki-kwin-") as run:
        screen = WaylandDesktop(folder, {"XDG_RUNTIME_DIR": run, **environment})
        try:
            start_kwin(screen)
            yield screen
        finally:
            screen.close()
            sys.stderr.write(screen.logs())


def start_kwin(screen: WaylandDesktop, *options: str) -> None:
    """Start KWin with further options of its own, and wait for its socket."""
    require(("kwin-wayland",))
    size = ("--width", "1280", "--height", "800")
    command = ("kwin_wayland", "--virtual", *size, "--no-lockscreen", "--socket", "wayland-kwin", *options)
    screen.start("env", "-u", "QT_QPA_PLATFORM", *command)
    screen.variables["WAYLAND_DISPLAY"] = "wayland-kwin"
    wait_until_sync((Path(screen.variables["XDG_RUNTIME_DIR"]) / "wayland-kwin").is_socket, "KWin runs")


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

    def send(self, code: int, state: int) -> None:
        """Press (1) or release (0) the key with this code of Linux."""
        self._input.request("keyboard_key", code, state)

    async def _key(self, name: str, *, down: bool) -> None:
        self.send(CODES[name], int(down))
        await self._wayland.roundtrip()
