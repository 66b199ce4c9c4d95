"""Pauses in the user's typing. GNOME reports how long ago the last input was; no key is looked at."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Self

from app.bus.connection import BusConnection, BusObject, session_address
from app.bus.errors import BusError
from runtime.tasks import closed_on_error

MONITOR: Final = BusObject(
    "org.gnome.Mutter.IdleMonitor", "/org/gnome/Mutter/IdleMonitor/Core", "org.gnome.Mutter.IdleMonitor"
)
PAUSE_S: Final = 0.1
_PATIENCE_S: Final = 1.0


class UserInput:
    """A connection to the monitor of keyboard and pointer."""

    def __init__(self, bus: BusConnection) -> None:
        self._bus = bus

    @classmethod
    async def open(cls, environment: Mapping[str, str]) -> Self:
        """Connect to the session's bus. Raises ``BusError`` if there is none, or it has no such monitor."""
        found = cls(await BusConnection.open(session_address(environment)))
        async with closed_on_error(found.close):
            await found._idle_s()
        return found

    async def paused(self) -> None:
        """Wait until there was no input for ``PAUSE_S``, but at most a second: a text must not wait longer."""
        with suppress(TimeoutError, BusError):
            async with asyncio.timeout(_PATIENCE_S):
                idle_s = await self._idle_s()
                while idle_s < PAUSE_S:
                    await asyncio.sleep(PAUSE_S - idle_s)
                    idle_s = await self._idle_s()

    async def close(self) -> None:
        """End the connection. Safe to call twice."""
        await self._bus.close()

    async def _idle_s(self) -> float:
        (milliseconds,) = await self._bus.call(MONITOR, "GetIdletime")
        return float(milliseconds) / 1000
