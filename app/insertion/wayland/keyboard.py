"""A virtual keyboard that presses the keys that paste. It exists as long as the helper.

Programs miss keys of a keyboard that has just been added. The keymap is that of the user's keyboard, so programs
need not load another one at each text. If this process dies, the compositor releases the pressed keys.

Source: wlr-protocols, "virtual keyboard unstable v1".
"""

import os
import time
from collections.abc import Mapping
from typing import Final, Self

from app.insertion.errors import ScreenGone
from app.insertion.plan import PasteKeys
from app.insertion.wayland.keymap import (
    CONTROL_MASK,
    SHIFT_MASK,
    STANDARD,
    STANDARD_PLACES,
    KeyPlaces,
    chord,
    key_places,
)
from app.wayland.connection import WaylandConnection, WaylandObject
from app.wayland.errors import CompositorGone
from app.wayland.interfaces import SEAT, VIRTUAL_KEYBOARD_MANAGER
from runtime.tasks import close_on_error

_TEXT_FORMAT: Final = 1
_HAS_KEYBOARD: Final = 2
_LONGEST_KEYMAP: Final = 4 * 2**20
_MOST_MS: Final = 2**32


class UserKeymap:
    """The keymap of the user's keyboard, as the compositor sends it to each program.

    ``text``: in the format of XKB, empty while the seat has no keyboard.
    """

    def __init__(self, wayland: WaylandConnection, seat: WaylandObject) -> None:
        self.text = ""
        self._wayland, self._seat = wayland, seat
        self._users: WaylandObject | None = None  # the seat's keyboard: all keyboards of the user as one
        seat.on("capabilities", self._change_capabilities)

    @classmethod
    async def open(cls, environment: Mapping[str, str]) -> Self:
        """Connect to the compositor of this environment, and learn the keymap. Raises ``WaylandError``."""
        wayland = await WaylandConnection.open(environment)
        async with close_on_error(wayland.close):
            made = cls(wayland, wayland.bind(SEAT))
            await wayland.roundtrip()  # the seat reports whether it has a keyboard
            await wayland.roundtrip()  # and the keyboard its keymap
        return made

    async def close(self) -> None:
        """End the connection. Safe to call twice."""
        await self._wayland.close()

    def _change_capabilities(self, capabilities: int) -> None:
        if capabilities & _HAS_KEYBOARD and self._users is None:
            self._users = self._seat.request("get_keyboard")
            self._users.on("keymap", self._learn)
        elif not capabilities & _HAS_KEYBOARD and self._users is not None:
            self._users.request("release")
            self._users = None

    def _learn(self, kind: int, place: int, size: int) -> None:
        with os.fdopen(place, "rb", closefd=True):
            if kind == _TEXT_FORMAT and size <= _LONGEST_KEYMAP:
                self.text = os.pread(place, size, 0).rstrip(b"\0").decode(errors="replace")


class VirtualKeyboard(UserKeymap):
    """A ``PasteKeyboard`` of a compositor with virtual keyboards. Raises ``InterfaceMissing``.

    When its connection ends, the compositor removes the keyboard and releases its keys.
    """

    def __init__(self, wayland: WaylandConnection, seat: WaylandObject) -> None:
        super().__init__(wayland, seat)
        self._device = wayland.bind(VIRTUAL_KEYBOARD_MANAGER).request("create_virtual_keyboard", seat)
        self._sent = ""
        self._places = STANDARD_PLACES

    @classmethod
    async def open(cls, environment: Mapping[str, str]) -> Self:
        """Connect to the compositor of this environment, and learn the user's keymap. Raises ``WaylandError``."""
        made = await super().open(environment)
        async with close_on_error(made.close):
            made._use_keymap()
            await made._wayland.roundtrip()
        return made

    async def press(self, keys: PasteKeys) -> None:
        """Press and release the keys; none stays held. Raises ``ScreenGone``."""
        if self._wayland.gone.is_set():
            raise ScreenGone
        self._use_keymap()
        held_down, key = chord(self._places, keys)
        mask = CONTROL_MASK * keys.control | SHIFT_MASK * keys.shift
        with self._wayland.sent_together():
            for each in held_down:
                self._key(each.code, down=True)
            self._device.request("modifiers", mask, 0, 0, key.group)
            self._key(key.code, down=True)
            self._key(key.code, down=False)
            for each in reversed(held_down):
                self._key(each.code, down=False)
            self._device.request("modifiers", 0, 0, 0, 0)
        try:
            await self._wayland.roundtrip()
        except CompositorGone as error:
            raise ScreenGone from error

    def _key(self, code: int, *, down: bool) -> None:
        self._device.request("key", int(time.monotonic() * 1000) % _MOST_MS, code, int(down))

    def _use_keymap(self) -> None:
        """Give the keyboard the user's keymap if it has the keys that paste, else the standard one."""
        places: KeyPlaces | None = key_places(self.text)
        wanted = self.text if places else STANDARD
        if wanted == self._sent:
            return
        self._sent, self._places = wanted, places or STANDARD_PLACES
        data = wanted.encode() + b"\0"
        place = os.memfd_create("keymap")
        os.write(place, data)
        self._device.request("keymap", _TEXT_FORMAT, place, len(data))
