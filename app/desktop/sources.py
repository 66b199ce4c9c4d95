"""Ask the compositor and the buses of a Linux desktop for facts; skip sources that are missing or silent."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from app.bus.connection import BUS_PROGRAM, BusConnection, BusObject, session_address
from app.bus.errors import BusError
from app.core.daemon_thread import in_daemon_thread
from app.desktop.abilities import DesktopSession
from app.insertion.focus.sway import loaded_configuration
from app.insertion.ibus.address import ibus_address
from app.wayland.connection import WaylandConnection
from app.wayland.errors import WaylandError
from runtime.tasks import cancel_and_wait

PORTALS: Final = ("GlobalShortcuts", "RemoteDesktop", "Clipboard")
_PORTAL: Final = "org.freedesktop.portal"
_HOST: Final = "org.kde.StatusNotifierWatcher"
_WATCHER: Final = BusObject(_HOST, "/StatusNotifierWatcher", _HOST)


async def facts_of(session: DesktopSession, environment: Mapping[str, str], deadline_s: float) -> dict[str, Any]:
    """Return the facts that are known at the deadline, by field of ``Found``."""
    facts = dict[str, Any]()
    sources = [_bus(environment, facts)]
    if session is DesktopSession.X11:
        sources.append(_detect_tray(environment, facts))
    if session is DesktopSession.WAYLAND:
        sources += [_compositor(environment, facts), _ibus(environment, facts), _sway(environment, facts)]
    tasks = [asyncio.create_task(source, name="desktop/read") for source in sources]
    _, late = await asyncio.wait(tasks, timeout=deadline_s)
    await cancel_and_wait(late)
    return facts


async def _compositor(environment: Mapping[str, str], facts: dict[str, Any]) -> None:
    with suppress(WaylandError):
        async with await WaylandConnection.open(environment) as wayland:
            facts["offers"] = dict(wayland.globals)


async def _sway(environment: Mapping[str, str], facts: dict[str, Any]) -> None:
    if loaded := await loaded_configuration(environment):
        facts["configuration"] = loaded


async def _ibus(environment: Mapping[str, str], facts: dict[str, Any]) -> None:
    """Record whether IBus answers; the file with its address alone proves nothing, because it outlives IBus."""
    with suppress(BusError):
        async with await BusConnection.open(await in_daemon_thread(partial(ibus_address, environment))):
            facts["ibus"] = True


async def _detect_tray(environment: Mapping[str, str], facts: dict[str, Any]) -> None:
    """Record a tray that embeds icons (XEmbed); it needs no bus."""
    display = environment.get("DISPLAY", "")
    if await in_daemon_thread(partial(selection_has_owner, "_NET_SYSTEM_TRAY", display)):
        facts["tray"] = True


def selection_has_owner(prefix: str, display: str | None = None) -> bool:
    """Return whether an X client owns the selection ``prefix`` of the screen, as a tray or compositor does.

    Sources: freedesktop.org, System Tray Protocol and Extended Window Manager Hints.
    """
    try:
        from Xlib.display import Display
        from Xlib.error import DisplayError, XError
    except ImportError:
        return False
    with suppress(DisplayError, XError, OSError):
        server = Display(display)
        try:
            selection = server.intern_atom(f"{prefix}_S{server.get_default_screen()}")
            return bool(server.get_selection_owner(selection))
        finally:
            server.close()
    return False


async def _bus(environment: Mapping[str, str], facts: dict[str, Any]) -> None:
    with suppress(BusError):
        async with await BusConnection.open(session_address(environment)) as bus:
            (running,) = await bus.call(BUS_PROGRAM, "ListNames")
            shown = _HOST in running and await _shows_icons(bus)
            facts["tray"] = facts.get("tray", False) or shown
            (started,) = await bus.call(BUS_PROGRAM, "ListActivatableNames")
            facts["programs"] = frozenset(name for name in (*running, *started) if not name.startswith(":"))
            if f"{_PORTAL}.Desktop" in facts["programs"]:
                facts["portals"] = {name: version for name in PORTALS if (version := await _version(bus, name))}


async def _shows_icons(bus: BusConnection) -> bool:
    try:
        return bool(await bus.get(_WATCHER, "IsStatusNotifierHostRegistered"))
    except BusError:
        return False


async def _version(bus: BusConnection, interface: str) -> int:
    place = BusObject(f"{_PORTAL}.Desktop", "/org/freedesktop/portal/desktop", f"{_PORTAL}.{interface}")
    try:
        return int(await bus.get(place, "version"))
    except BusError:  # this desktop lacks it
        return 0
