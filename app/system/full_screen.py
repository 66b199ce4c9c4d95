"""Detect whether a program, such as a film or a game, fills the whole screen.

Supported on X11 only.
"""

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from app.wayland.session import is_wayland
from app.x11.errors import X11Error


class ScreenConnection(Protocol):
    """The part of ``app.x11.connection.XThread`` that this module uses."""

    async def open(self) -> None: ...
    async def call(self, work: Callable[[Any], bool]) -> bool: ...
    async def close(self) -> None: ...


class FullScreen:
    """Detector of full-screen windows. Used in one event loop.

    ``connect`` makes a connection to the screen; ``None`` where detection is not supported.
    """

    def __init__(self, connect: Callable[[], ScreenConnection] | None) -> None:
        self._connect = connect
        self._screen: ScreenConnection | None = None

    async def now(self) -> bool | None:
        """Return whether the active window is full-screen, or ``None`` if that is unknown."""
        if self._connect is None:
            return None
        try:
            if self._screen is None:
                screen = self._connect()
                await screen.open()
                self._screen = screen
            return await self._screen.call(fills_screen)
        except X11Error:
            await self.close()
            return None

    async def close(self) -> None:
        """Close the connection. Safe to call twice."""
        screen, self._screen = self._screen, None
        if screen is not None:
            await screen.close()


def full_screen(platform: str, environment: Mapping[str, str]) -> FullScreen:
    """Return the detector for a ``sys.platform`` and ``os.environ``."""
    display = environment.get("DISPLAY")
    if platform != "linux" or not display or is_wayland(environment) or importlib.util.find_spec("Xlib") is None:
        return FullScreen(None)
    from app.x11.connection import XThread

    return FullScreen(lambda: XThread(display))


def fills_screen(connection: Any) -> bool:
    """Return whether the active window is full-screen.

    Runs in the connection's thread. Source: Extended Window Manager Hints, 1.5.
    """
    from Xlib.error import XError

    active = _values(connection, connection.root, "_NET_ACTIVE_WINDOW")
    if not active or not active[0]:
        return False
    window = connection.display.create_resource_object("window", active[0])
    try:
        states = _values(connection, window, "_NET_WM_STATE")
    except XError:  # the window was just closed
        return False
    return connection.atom("_NET_WM_STATE_FULLSCREEN") in states


def _values(connection: Any, window: Any, name: str) -> list[int]:
    found = window.get_property(connection.atom(name), 0, 0, 64)
    return [] if found is None else [int(value) for value in found.value]
