"""Learn the facts about this desktop."""

import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from app.desktop.found import DesktopSession, Found, of_environment

DEADLINE_S: Final = 2.0
_ASKED: Final = frozenset({DesktopSession.WAYLAND, DesktopSession.X11})


async def look(platform: str, environment: Mapping[str, str], deadline_s: float = DEADLINE_S) -> Found:
    """Return what is known of this desktop at the deadline."""
    found = of_environment(platform, environment)
    if found.session not in _ASKED or importlib.util.find_spec("dbus_fast") is None:
        return found
    from app.desktop.sources import facts_of  # its library is missing on other systems

    return replace(found, **await facts_of(found.session, environment, deadline_s))
