"""The focused window of KWin, reported by a script in KWin that calls back over the session's bus.

KWin sends calls and answers over one connection, so an answer arrives after all earlier changes.
Source: KDE, "KWin scripting API" for Plasma 6.
"""

import asyncio
import json
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from app.bus.connection import BUS_PROGRAM, Answer, BusConnection, BusObject, MethodCall, session_address
from app.bus.errors import BusError
from app.insertion.errors import FocusUnknown
from app.insertion.outcome import Target
from app.insertion.plan import is_terminal
from runtime.folders import folders, private_folder

_REPLY_S: Final = 1.0
_KWIN: Final = "org.kde.KWin"
_SCRIPTING: Final = BusObject(_KWIN, "/Scripting", "org.kde.kwin.Scripting")
_LOCK: Final = BusObject("org.freedesktop.ScreenSaver", "/ScreenSaver", "org.freedesktop.ScreenSaver")
_INTERFACE: Final = "io.github.kikipounamu.Focus"
_ALREADY_LOADED: Final = -1
_SCRIPT: Final = """function tell(window) {
    callDBus(%s, "/", %s, "Activated",
        window ? window.internalId.toString() : "",
        window ? window.resourceClass.toString() : "",
        window ? window.pid.toString() : "");
}
workspace.windowActivated.connect(tell);
tell(workspace.activeWindow);
"""


class KWinFocus:
    """A ``Focus`` for KWin. Windows of the process ``app`` are our own."""

    def __init__(self, bus: BusConnection, app: int) -> None:
        self._bus, self._app = bus, app
        self._script = f"kikipounamu-focus{bus.name}"  # another running app has its own
        self._owner = ""
        self._answered = asyncio.Event()
        self._target: Target | None = None
        bus.serve(self._answer_call)

    @classmethod
    async def open(cls, environment: Mapping[str, str], app: int = 0) -> Self:
        """Return the focus of the running KWin. Raises ``FocusUnknown``."""
        try:
            bus = await BusConnection.open(session_address(environment))
        except BusError as error:
            raise FocusUnknown(str(error)) from error
        focus = cls(bus, app)
        try:
            await focus._load()
        except (BusError, OSError) as error:
            await focus.close()
            raise FocusUnknown(f"KWin does not tell the focused window: it must be version 6 ({error})") from error
        return focus

    async def target(self) -> Target | None:
        """Return the focused window, or ``None`` if none has the focus or the screen is locked."""
        try:
            (loaded,) = await self._bus.call(_SCRIPTING, "isScriptLoaded", "s", self._script, deadline_s=_REPLY_S)
            if not loaded:  # KWin has restarted
                await self._load()
            return None if await self._is_screen_locked() else self._target
        except (BusError, OSError):  # OSError: a full disk, or a deadline
            return None

    async def close(self) -> None:
        """Remove the script and end the connection. Safe to call twice."""
        with suppress(BusError):  # KWin may have ended, and the script with it
            await self._bus.call(_SCRIPTING, "unloadScript", "s", self._script, deadline_s=_REPLY_S)
        await self._bus.close()

    async def _load(self) -> None:
        """Load the script, and wait until it reports the focused window."""
        self._answered.clear()
        (self._owner,) = await self._bus.call(BUS_PROGRAM, "GetNameOwner", "s", _KWIN)
        # Not in the folder for temporary files, which any program may have filled.
        with tempfile.TemporaryDirectory(prefix="focus-", dir=private_folder(folders().runtime)) as folder:
            place = _write_script(folder, self._bus.name)
            (number,) = await self._bus.call(_SCRIPTING, "loadScript", "ss", place, self._script)
            if number == _ALREADY_LOADED:
                return
            script = BusObject(_KWIN, f"/Scripting/Script{number}", "org.kde.kwin.Script")
            await self._bus.call(script, "run")
            async with asyncio.timeout(_REPLY_S):
                await self._answered.wait()

    async def _is_screen_locked(self) -> bool:
        try:
            (locked,) = await self._bus.call(_LOCK, "GetActive", deadline_s=_REPLY_S)
        except BusError:
            return False  # this session has no lock screen
        return bool(locked)

    def _answer_call(self, call: MethodCall) -> Answer | None:
        if call.interface != _INTERFACE or call.sender != self._owner:
            return None
        self._target = target_of(*call.values, app=self._app)
        self._answered.set()
        return "", ()


def _write_script(folder: str, name: str) -> str:
    """Write the script for the connection of this name, and return its place."""
    place = Path(folder, "focus.js")
    place.write_text(_SCRIPT % (json.dumps(name), json.dumps(_INTERFACE)))
    return str(place)


def target_of(window: str, program: str, process: str, *, app: int) -> Target | None:
    """Return the window that KWin reports; those of the process ``app`` are our own. Pure.

    KWin names a window by a UUID, of which 63 bits are kept.
    """
    if not window:
        return None
    pid = int(process) if process.isdecimal() else 0
    return Target(UUID(window).int >> 65, program, is_terminal(program), bool(app) and pid == app, process=pid)
