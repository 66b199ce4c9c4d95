"""The hand of a user of a Wayland desktop: a keyboard, the clipboard and the choice of a window.

A separate thread serves the connection to the compositor, so that the clipboard works while a test waits.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.wayland.connection import WaylandConnection, WaylandObject
from app.wayland.interfaces import (
    DATA_CONTROL_MANAGERS,
    SEAT,
    TOPLEVEL_MANAGER,
    VIRTUAL_KEYBOARD_MANAGER,
    Interface,
)
from app.wayland.wire import words
from tests.helpers.waiting import DEADLINE_S

T = TypeVar("T")
TEXT = "text/plain;charset=utf-8"
_ROWS = {1: "Escape 1 2 3 4 5 6 7 8 9 0 minus equal BackSpace Tab q w e r t y u i o p", 28: "Return ctrl"}
_MORE = {42: "shift", 44: "z x c v b n m", 56: "alt space Caps_Lock F1 F2 F3 F4 F5 F6 F7 F8 F9 F10", 87: "F11 F12"}
_REST = {30: "a s d f g h j k l", 97: "ctrl_r", 102: "Home", 107: "End", 110: "Insert Delete", 125: "super"}
CODES = {
    name: start + place
    for start, names in (_ROWS | _MORE | _REST).items()
    for place, name in enumerate(names.split())
}
"""Key codes of Linux by name. Source: linux/input-event-codes.h."""
MODIFIERS = {"shift": 1, "ctrl": 4, "ctrl_r": 4, "alt": 8, "super": 64}
_KEYMAP = """xkb_keymap {{
xkb_keycodes {{ include "evdev+aliases(qwerty)" }}; xkb_types {{ include "complete" }};
xkb_compat {{ include "complete" }}; xkb_symbols {{ include "pc+{layout}+inet(evdev)" }}; }};"""
_ACTIVATED = 2


@dataclass
class Window:
    """A window as foreign-toplevel describes it."""

    handle: WaylandObject
    title: str = ""
    app_id: str = ""
    focused: bool = False


@dataclass
class Keyboard:
    """A keyboard that stays, as a user's does."""

    device: WaylandObject
    clock: int = 0
    held: list[str] = field(default_factory=list)

    def keymap(self, layout: str) -> None:
        """Change the layout, by the name that XKB gives it."""
        data = _KEYMAP.format(layout=layout).encode() + b"\0"
        place = os.memfd_create("keymap")
        os.write(place, data)
        self.device.request("keymap", 1, place, len(data))

    def key(self, name: str, down: bool) -> None:
        """Press or release a key."""
        if down == (name in self.held):
            return
        self.clock += 1
        (self.held.append if down else self.held.remove)(name)
        self.device.request("key", self.clock, CODES[name], int(down))
        if name in MODIFIERS:
            mask = 0
            for each in self.held:
                mask |= MODIFIERS.get(each, 0)
            self.device.request("modifiers", mask, 0, 0, 0)


class Clipboard:
    """The clipboard through data-control; ``reads``: the formats of the copied contents that other programs have
    read."""

    def __init__(self, manager: WaylandObject, seat: WaylandObject) -> None:
        self.offers: dict[bool, WaylandObject | None] = {False: None, True: None}
        self.formats: dict[WaylandObject, list[str]] = {}
        self.reads: list[str] = []
        self._manager = manager
        self._device = manager.request("get_data_device", seat)
        self._device.on("data_offer", self._offered)
        self._device.on("selection", lambda offer: self.offers.update({False: offer}))
        self._device.on("primary_selection", lambda offer: self.offers.update({True: offer}))

    def copy(self, contents: Mapping[str, bytes], *, primary: bool) -> None:
        """Copy all these formats."""
        source = self._manager.request("create_data_source")
        for name in contents:
            source.request("offer", name)
        source.on("send", lambda name, place: self._send(contents[name], name, place))
        source.on("cancelled", source.destroy)
        self._device.request("set_primary_selection" if primary else "set_selection", source)

    def formats_of(self, *, primary: bool) -> list[str]:
        """Return the formats that the clipboard offers now."""
        offer = self.offers[primary]
        return self.formats[offer] if offer else []

    async def read(self, name: str, *, primary: bool) -> bytes:
        """Return the contents in this format; empty if there is none."""
        offer = self.offers[primary]
        if offer is None or name not in self.formats[offer]:
            return b""
        reading, writing = os.pipe()
        offer.request("receive", name, writing)
        with os.fdopen(reading, "rb") as pipe:
            return await asyncio.to_thread(pipe.read)

    def _offered(self, offer: WaylandObject) -> None:
        names = self.formats[offer] = []
        offer.on("offer", names.append)

    def _send(self, data: bytes, name: str, place: int) -> None:
        self.reads.append(name)
        threading.Thread(target=_written, args=(place, data), daemon=True).start()


class Hand:
    """Keyboard, clipboard and windows, as far as the compositor offers them.

    ``focused``: the titles of the windows that have got the focus, in order.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.windows: list[Window] = []
        self.focused: list[str] = []
        self.keyboard: Keyboard | None = None
        self.clipboard: Clipboard | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hand", daemon=True)
        self._thread.start()
        try:
            self._wayland = self.run(WaylandConnection.open(environment))
            self.run(self._take())
        except BaseException:
            self._stop()
            raise

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """Run this on the thread of the connection, and return its result."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(DEADLINE_S)

    def do(self, action: Callable[[], object]) -> None:
        """Do this on the thread of the connection, and wait until the compositor has seen it."""

        async def done() -> None:
            action()
            await self._wayland.roundtrip()

        self.run(done())

    def offers(self, interface: Interface) -> bool:
        """Return whether the compositor offers this interface."""
        return interface.name in self._wayland.globals

    def activate(self, window: Window) -> None:
        """Give a window the focus."""
        self.do(lambda: window.handle.request("activate", self._seat))

    def close(self) -> None:
        """Let go of everything."""
        with suppress(Exception):  # the compositor may be gone
            self.run(self._wayland.close())
        self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE_S)
        self._loop.close()

    async def _take(self) -> None:
        wayland = self._wayland
        self._seat = wayland.bind(SEAT) if self.offers(SEAT) else None
        if self.offers(VIRTUAL_KEYBOARD_MANAGER):
            manager = wayland.bind(VIRTUAL_KEYBOARD_MANAGER)
            self.keyboard = Keyboard(manager.request("create_virtual_keyboard", self._seat))
            self.keyboard.keymap("us")
        for kind in filter(self.offers, DATA_CONTROL_MANAGERS):
            if self._seat is not None and self.clipboard is None:
                self.clipboard = Clipboard(wayland.bind(kind), self._seat)
        if self.offers(TOPLEVEL_MANAGER):
            wayland.bind(TOPLEVEL_MANAGER).on("toplevel", self._opened)
        await wayland.roundtrip()

    def _opened(self, handle: WaylandObject) -> None:
        window = Window(handle)
        self.windows.append(window)
        handle.on("title", lambda title: setattr(window, "title", title))
        handle.on("app_id", lambda name: setattr(window, "app_id", name))
        handle.on("state", lambda state: self._changed(window, _ACTIVATED in words(state)))
        handle.on("closed", lambda: self._closed(window))

    def _changed(self, window: Window, focused: bool) -> None:
        if focused and not window.focused:
            self.focused.append(window.title)
        window.focused = focused

    def _closed(self, window: Window) -> None:
        self.windows.remove(window)
        window.handle.destroy()


def _written(place: int, data: bytes) -> None:
    with suppress(BrokenPipeError), os.fdopen(place, "wb") as pipe:
        pipe.write(data)
