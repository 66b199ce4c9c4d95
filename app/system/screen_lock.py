"""Notice that the screen is being locked, and keep it on while the user speaks.

Two buses announce locks: logind (Lock, LockedHint; also xss-lock, swayidle and hypridle), and the desktop's screen
saver. A locker that is started on its own, such as a bare i3lock, announces nothing.
Source: systemd, "org.freedesktop.login1"; freedesktop.org, "Idle Inhibition Service Draft".
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final

from app.bus.connection import BusConnection, BusObject, Signal, session_address
from app.bus.errors import BusError
from runtime.tasks import OneTask, TaskOwner, Tasks

_LOGIN: Final = "org.freedesktop.login1"
_MANAGER: Final = BusObject(_LOGIN, "/org/freedesktop/login1", f"{_LOGIN}.Manager")
_SESSIONS: Final = f"type='signal',sender='{_LOGIN}',path_namespace='/org/freedesktop/login1/session'"
_SYSTEM_BUS: Final = "unix:path=/run/dbus/system_bus_socket"
_SAVED: Final = "type='signal',member='ActiveChanged'"
_DESKTOPS: Final = ("cinnamon", "freedesktop", "gnome", "mate", "xfce")
_SAVERS: Final = frozenset(f"org.{desktop}.ScreenSaver" for desktop in _DESKTOPS)
_SAVER: Final = BusObject(
    "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver"
)
_AGAIN_S: Final = 60.0


class ScreenLock(TaskOwner):
    """Watcher that calls ``locked`` whenever the screen is locked, perhaps several times for one lock."""

    def __init__(self, locked: Callable[[], None], environment: Mapping[str, str] = os.environ) -> None:
        self._locked, self._environment = locked, environment
        self._tasks = Tasks("screen")
        self._keeping = OneTask(self._tasks, "keep on")

    async def watch(self) -> None:
        """Watch both buses until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(_repeat(self._watch_saver), name="screen/saver")
            group.create_task(_repeat(self._watch_logins), name="screen/logins")

    def keep_on(self, wanted: bool) -> None:
        """Prevent the desktop from locking the screen for lack of input, as long as this is wanted."""
        if wanted:
            self._keeping.start(self._inhibit)
        else:
            self._keeping.stop()

    async def _watch_saver(self) -> None:
        async with await BusConnection.open(session_address(self._environment)) as bus:
            await bus.listen(_SAVED, partial(self._handle_signal, frozenset()))
            await bus.gone.wait()

    async def _watch_logins(self) -> None:
        """Watch this user's sessions: other users may lock theirs."""
        address = self._environment.get("DBUS_SYSTEM_BUS_ADDRESS", _SYSTEM_BUS)
        async with await BusConnection.open(address) as bus:
            (sessions,) = await bus.call(_MANAGER, "ListSessions")
            own = frozenset(path for _, user, _, _, path in sessions if user == os.getuid())
            await bus.listen(_SESSIONS, partial(self._handle_signal, own))
            await bus.gone.wait()

    def _handle_signal(self, own: frozenset[str], signal: Signal) -> None:
        if is_lock(signal, own):
            self._locked()

    async def _inhibit(self) -> None:
        with suppress(BusError):  # this desktop does not offer it
            async with await BusConnection.open(session_address(self._environment)) as bus:
                asking = asyncio.ensure_future(bus.call(_SAVER, "Inhibit", "ss", "kikipounamu", "dictation"))
                try:
                    await asyncio.shield(asking)
                    await bus.gone.wait()
                finally:  # the recording may end before the desktop has answered
                    await bus.call(_SAVER, "UnInhibit", "u", *await asking)


def is_lock(signal: Signal, own: frozenset[str]) -> bool:
    """Return whether a signal announces a lock of the screen. ``own``: the paths of our sessions. Pure."""
    match signal.member, signal.values:
        case "ActiveChanged", (True,):
            return signal.interface in _SAVERS
        case "Lock", ():
            return signal.path in own
        case "PropertiesChanged", (_, {"LockedHint": True}, _):
            return signal.path in own
    return False


async def _repeat(watch: Callable[[], Awaitable[None]]) -> None:
    """Watch a bus that may be missing, or end, again and again."""
    while True:
        with suppress(BusError):
            await watch()
        await asyncio.sleep(_AGAIN_S)
