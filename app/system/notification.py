"""Show a notification of the desktop, as the Desktop Notifications Specification describes."""

import asyncio
import importlib.util
import os
from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from app.core.identity import APP_ID

_NAME: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
_LIMIT_S: Final = 10.0
_STAYS: Final = 0  # milliseconds: until the user closes it


async def notify(heading: str, text: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Show a notification, and return False if this desktop shows none."""
    if importlib.util.find_spec("dbus_fast") is None:  # on Windows and macOS
        return False
    from app.bus.connection import BUS_PROGRAM, BusConnection, BusObject, session_address
    from app.bus.errors import BusError, BusRefused
    from app.bus.portal import variants

    try:
        async with asyncio.timeout(_LIMIT_S), await BusConnection.open(session_address(environment)) as bus:
            with suppress(BusRefused):  # for desktops that start the program only when it is needed
                await bus.call(BUS_PROGRAM, "StartServiceByName", "su", _NAME, 0)
            # Desktops that know the entry show the app's own name and icon, and open the app at a click.
            hints = variants({"desktop-entry": ("s", APP_ID)})
            values: tuple[Any, ...] = ("kikipounamu", 0, _icon(), heading, text, [], hints, _STAYS)
            await bus.call(BusObject(_NAME, _PATH, _NAME), "Notify", "susssasa{sv}i", *values)
    except (BusError, TimeoutError):
        return False
    return True


def _icon() -> str:
    return Path(str(files("app.ui.theme").joinpath("icons", "app.svg"))).as_uri()
