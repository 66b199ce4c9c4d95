"""A session's bus on a screen, and a text field that tells the accessibility bus where its cursor is."""

import sys

from tests.helpers.desktop import Desktop
from tests.helpers.packages import require
from tests.helpers.waiting import wait_until_sync

_LAUNCHER = "/usr/libexec/at-spi-bus-launcher"


def start_bus(desktop: Desktop) -> str:
    """Start the session's bus at the usual place, and what starts that of accessibility; return its address."""
    require(("dbus-daemon", "at-spi2-core"))
    place = desktop.folder / "bus"
    address = f"unix:path={place}"
    desktop.start("dbus-daemon", "--session", "--nofork", f"--address={address}")
    wait_until_sync(place.is_socket, "the session has a bus")
    desktop.start(_LAUNCHER, DBUS_SESSION_BUS_ADDRESS=address)
    return address


def start_field(desktop: Desktop, title: str) -> tuple[int, int]:
    """Start and focus a text field that takes part in accessibility; return its window and its process."""
    place = str(desktop.folder / f"{title}.txt")
    command = (sys.executable, "-m", "tests.helpers.text_field", title, place)
    address = f"unix:path={desktop.folder / 'bus'}"
    process = desktop.start(*command, DBUS_SESSION_BUS_ADDRESS=address, QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1")
    return int(desktop.focus(title)), process.pid
