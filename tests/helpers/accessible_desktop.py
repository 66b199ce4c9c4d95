"""A session's bus on a screen, and a text field that reports its cursor to the accessibility bus."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.bus.connection import BUS_PROGRAM, BusConnection
from tests.helpers.desktop import Desktop, Screen, running_desktop
from tests.helpers.packages import require
from tests.helpers.ports import accepts
from tests.helpers.waiting import wait_until_sync
from tests.helpers.wayland_desktop import running_sway

_LAUNCHER = "/usr/libexec/at-spi-bus-launcher"


def start_bus(desktop: Desktop) -> str:
    """Start the session bus at its usual place, and the launcher of the accessibility bus; return the former's
    address."""
    require(("dbus-daemon", "at-spi2-core"))
    place = desktop.folder / "bus"
    address = f"unix:path={place}"
    desktop.start("dbus-daemon", "--session", "--nofork", f"--address={address}")
    wait_until_sync(lambda: accepts(place), "the session has a bus")
    desktop.start(_LAUNCHER, DBUS_SESSION_BUS_ADDRESS=address)
    return address


def start_field(desktop: Desktop, title: str) -> tuple[int, int]:
    """Start and focus a text field that takes part in accessibility; return its window and its process."""
    place = str(desktop.folder / f"{title}.txt")
    command = (sys.executable, "-m", "tests.helpers.text_field", title, place)
    address = f"unix:path={desktop.folder / 'bus'}"
    process = desktop.start(*command, DBUS_SESSION_BUS_ADDRESS=address, QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1")
    return int(desktop.focus(title)), process.pid


def start_accessibility(desktop: Screen) -> None:
    """Start the launcher of the accessibility bus, on a screen whose session's bus starts no programs."""
    require(("at-spi2-core",))
    desktop.start(_LAUNCHER)
    address = desktop.environment["DBUS_SESSION_BUS_ADDRESS"]
    wait_until_sync(lambda: asyncio.run(_has_accessibility(address)), "the bus of accessibility is started")


async def _has_accessibility(address: str) -> bool:
    async with await BusConnection.open(address) as bus:
        (there,) = await bus.call(BUS_PROGRAM, "NameHasOwner", "s", "org.a11y.Bus")
        return bool(there)


class Form:
    """A window with a field, a password field and a button, which takes part in accessibility.

    ``toolkit``: ``qt`` or ``gtk``. The field has the focus and contains ``text``; the caret stands after it.
    """

    def __init__(self, desktop: Screen, toolkit: str, text: str) -> None:
        self.title = f"{toolkit} form"
        self._place = desktop.folder / f"{toolkit}.form"
        self._place.unlink(missing_ok=True)
        python = sys.executable if toolkit == "qt" else "/usr/bin/python3"
        program = str(Path(__file__).with_name(f"{toolkit}_form.py"))
        command = (python, program, self.title, str(self._place), text)
        taking_part = {"QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "GTK_A11Y": "atspi", "GSK_RENDERER": "cairo"}
        self.process = desktop.start(*command, **taking_part).pid
        desktop.focus(self.title)

    @property
    def text(self) -> str:
        """The current contents of the field."""
        return self._place.read_text() if self._place.exists() else ""


Place = tuple[Screen, Callable[[str], object]]
"""A desktop, and a hand that presses keys there."""


@contextmanager
def accessible_x11(folder: Path) -> Iterator[Place]:
    """Run an X11 desktop with accessibility."""
    with running_desktop(folder, tray=False) as desktop:
        start_bus(desktop)
        yield desktop, lambda key: desktop.xdotool("key", key)


@contextmanager
def accessible_sway(folder: Path) -> Iterator[Place]:
    """Run sway with accessibility."""
    with running_sway(folder) as desktop:
        start_accessibility(desktop)
        yield desktop, desktop.tap
