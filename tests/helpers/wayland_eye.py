"""The eye and the pointer of a user of a Wayland desktop: pictures of the screen as pixels, and clicks."""

import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from app.core.area import Area
from app.wayland.connection import WaylandConnection
from app.wayland.interfaces import SEAT, Interface, by_name
from app.wayland.wire import Message
from tests.helpers.waiting import DEADLINE_S
from tests.helpers.wayland_desktop import WaylandDesktop

Pixels = NDArray[np.uint8]
"""Rows of columns of red, green and blue."""
_PAUSE_MS = 40
_LEFT = 272  # BTN_LEFT of linux/input-event-codes.h
_POINTER = Interface(
    "zwlr_virtual_pointer_v1",
    1,
    (
        Message("motion", "uff"),
        Message("motion_absolute", "uuuuu"),
        Message("button", "uuu"),
        Message("axis", "uuf"),
        Message("frame"),
    ),
)
_POINTERS = Interface(
    "zwlr_virtual_pointer_manager_v1", 1, (Message("create_virtual_pointer", "on", "zwlr_virtual_pointer_v1"),)
)


def picture(desktop: WaylandDesktop, output: str = "") -> Pixels:
    """Return a picture of all outputs, or of the one with this name."""
    command = ["grim", "-t", "ppm", *(["-o", output] if output else []), "-"]
    done = subprocess.run(command, env=desktop.environment, capture_output=True, check=True, timeout=DEADLINE_S)
    kind, size, most, data = done.stdout.split(b"\n", 3)
    assert (kind, most) == (b"P6", b"255")
    width, height = map(int, size.split())
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)


def drawn(shown: Pixels, before: Pixels | None = None, least: int = 1) -> Area | None:
    """Return the part that differs from an earlier picture, else from the colour in the corner.

    ``least``: the smallest difference that counts, so that shadows do not.
    """
    ground = shown[:1, :1] if before is None else before
    differs = np.abs(shown.astype(int) - ground) >= least
    rows, columns = np.nonzero(differs.any(axis=2))
    if not rows.size:
        return None
    x, y = int(columns.min()), int(rows.min())
    return Area(x, y, int(columns.max()) - x + 1, int(rows.max()) - y + 1)


class Pointer:
    """A pointer that stays: programs that had none would miss its first click."""

    def __init__(self, wayland: WaylandConnection) -> None:
        self._wayland = wayland
        self._device = wayland.bind(_POINTERS).request("create_virtual_pointer", wayland.bind(SEAT))

    async def click(self, place: tuple[int, int], screen: tuple[int, int]) -> None:
        """Click at a place of a screen of this size."""
        self._device.request("motion_absolute", 1, *place, *screen).request("frame")
        for down in (1, 0):
            await self._wayland.roundtrip()
            self._device.request("button", 2, _LEFT, down).request("frame")
        await self._wayland.roundtrip()


@asynccontextmanager
async def pointing(desktop: WaylandDesktop) -> AsyncIterator[Pointer]:
    """Have a pointer until the context ends."""
    known = by_name() | by_name((_POINTER, _POINTERS))
    async with await WaylandConnection.open(desktop.environment, known) as wayland:
        yield Pointer(wayland)


def seen(qtbot: QtBot, look: Callable[[], object]) -> None:
    """Wait, while Qt works, until this is truthy; each look may take a picture, which costs more than a wait."""
    end = time.monotonic() + DEADLINE_S
    while not look():
        assert time.monotonic() < end, f"not seen within {DEADLINE_S:g} s"
        qtbot.wait(_PAUSE_MS)


def swaymsg(desktop: WaylandDesktop, *words: str) -> None:
    """Send sway a command."""
    subprocess.run(
        ["swaymsg", *words], env=desktop.environment, stdout=subprocess.DEVNULL, check=True, timeout=DEADLINE_S
    )
