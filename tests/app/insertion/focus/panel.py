"""A panel that takes the keyboard from all windows, as program launchers do."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from app.wayland.connection import WaylandConnection
from app.wayland.interfaces import COMPOSITOR, LAYER_SHELL, SEAT, SHM, VIRTUAL_KEYBOARD_MANAGER

_OVERLAY, _EXCLUSIVE, _XRGB8888, _XKB_V1 = 3, 1, 1, 1
_SIDE = 40
_KEYMAP = b"""xkb_keymap {
xkb_keycodes { minimum = 8; maximum = 255; <AC01> = 38; };
xkb_types { type "ONE_LEVEL" { modifiers = none; level_name[Level1] = "Any"; }; };
xkb_compatibility { };
xkb_symbols { key <AC01> { [ a ] }; };
};\0"""


@asynccontextmanager
async def panel_with_keyboard(environment: Mapping[str, str]) -> AsyncIterator[None]:
    """Show a panel that holds the keyboard until the context ends."""
    async with await WaylandConnection.open(environment) as wayland:
        entered, configured = asyncio.Event(), asyncio.Event()
        seat = wayland.bind(SEAT)
        virtual = wayland.bind(VIRTUAL_KEYBOARD_MANAGER).request("create_virtual_keyboard", seat)
        virtual.request("keymap", _XKB_V1, _memory(_KEYMAP), len(_KEYMAP))
        await wayland.roundtrip()  # the seat has a keyboard now
        keyboard = seat.request("get_keyboard")
        keyboard.on("enter", lambda *_: entered.set())
        surface = wayland.bind(COMPOSITOR).request("create_surface")
        shell = wayland.bind(LAYER_SHELL)
        layer = shell.request("get_layer_surface", surface, None, _OVERLAY, "panel")

        def acknowledge(serial: int, width: int, height: int) -> None:
            layer.request("ack_configure", serial)
            configured.set()

        layer.on("configure", acknowledge)
        layer.request("set_size", _SIDE, _SIDE)
        layer.request("set_keyboard_interactivity", _EXCLUSIVE)
        surface.request("commit")
        await wayland.until(configured)
        pixels = bytes(_SIDE * _SIDE * 4)
        pool = wayland.bind(SHM).request("create_pool", _memory(pixels), len(pixels))
        buffer = pool.request("create_buffer", 0, _SIDE, _SIDE, _SIDE * 4, _XRGB8888)
        surface.request("attach", buffer, 0, 0)
        surface.request("commit")
        await wayland.until(entered)
        yield


def _memory(contents: bytes) -> int:
    memory = os.memfd_create("panel")
    os.write(memory, contents)
    return memory
