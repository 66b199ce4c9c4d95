"""Show a notification of the desktop, as the Desktop Notifications Specification describes."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from app.insertion.accessibility.bus import BUS, connected
from app.insertion.accessibility.bus_values import Call
from app.insertion.errors import BusRefused

_NAME: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
_ADDRESS: Final = "DBUS_SESSION_BUS_ADDRESS"
_LIMIT_S: Final = 10.0
_STAYS: Final = 0  # milliseconds: until the user closes it


async def notify(heading: str, text: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Show a notification, and return False if this desktop shows none."""
    address = environment.get(_ADDRESS) or f"unix:path={environment.get('XDG_RUNTIME_DIR', '')}/bus"
    try:
        async with asyncio.timeout(_LIMIT_S), connected(address) as bus:
            with suppress(BusRefused):  # for desktops that start the program only when it is needed
                await bus.call(Call(BUS, "/org/freedesktop/DBus", BUS, "StartServiceByName", "su", (_NAME, 0)))
            values: tuple[Any, ...] = ("kikipounamu", 0, "kikipounamu", heading, text, [], [], _STAYS)
            await bus.call(Call(_NAME, _PATH, _NAME, "Notify", "susssasa{sv}i", values))
    except (BusRefused, OSError, TimeoutError):
        return False
    return True
