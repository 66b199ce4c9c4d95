"""The keymap of the user's keyboard, as the compositor tells each program."""

import os
from collections.abc import Mapping
from typing import Final, Self

from app.wayland.connection import WaylandConnection, WaylandObject
from app.wayland.interfaces import SEAT
from runtime.tasks import closed_on_error

_TEXT_FORMAT: Final = 1
_HAS_KEYBOARD: Final = 2
_LONGEST: Final = 4 * 2**20


class UserKeymap:
    """The present keymap: ``text`` in the format of XKB, empty while the seat has no keyboard."""

    def __init__(self, wayland: WaylandConnection, seat: WaylandObject) -> None:
        self.text = ""
        self._wayland, self._seat = wayland, seat
        self._users: WaylandObject | None = None  # the keyboards of the user, as one
        seat.on("capabilities", self._able)

    @classmethod
    async def open(cls, environment: Mapping[str, str]) -> Self:
        """Connect to the compositor of this environment, and learn the keymap. Raises ``WaylandError``."""
        wayland = await WaylandConnection.open(environment)
        async with closed_on_error(wayland.close):
            made = cls(wayland, wayland.bind(SEAT))
            await wayland.roundtrip()  # the seat tells whether it has a keyboard
            await wayland.roundtrip()  # and the keyboard its keymap
        return made

    async def close(self) -> None:
        """End the connection. Safe to call twice."""
        await self._wayland.close()

    def _able(self, capabilities: int) -> None:
        if capabilities & _HAS_KEYBOARD and self._users is None:
            self._users = self._seat.request("get_keyboard")
            self._users.on("keymap", self._learn)
        elif not capabilities & _HAS_KEYBOARD and self._users is not None:
            self._users.request("release")
            self._users = None

    def _learn(self, kind: int, place: int, size: int) -> None:
        with os.fdopen(place, "rb", closefd=True):
            if kind == _TEXT_FORMAT and size <= _LONGEST:
                self.text = os.pread(place, size, 0).rstrip(b"\0").decode(errors="replace")
