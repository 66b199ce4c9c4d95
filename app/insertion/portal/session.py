"""A session of the RemoteDesktop portal with a keyboard: opened on demand, and closed when idle.

The user is asked once; then a token opens each session. Sources: XDG Desktop Portal documentation,
"RemoteDesktop" and "Clipboard"; GNOME 48 as tried: with a token a session opens in 12 ms.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from app.bus.connection import Signal
from app.bus.errors import BusError, BusSilent, PortalDenied, PortalRefused
from app.bus.portal import Portal, PortalSession
from app.insertion.errors import InsertionUnavailable, PermissionMissing, SessionMissing
from app.insertion.portal.permission import Permission
from runtime.tasks import Tasks, close_on_error

INTERFACE: Final = "RemoteDesktop"
_KEYBOARD: Final = 1
_UNTIL_REVOKED: Final = 2
_SESSION: Final = "oa{sv}"


@dataclass(frozen=True)
class SessionTimes:
    """Time limits in seconds. ``ask_s``: for the user's answer to the dialog.

    ``wait_s``: for the session to open before a text is held, for example because the dialog is open. ``idle_s``:
    until an unused session is closed. It exceeds the pauses between sentences, because opening takes a moment.
    Desktops show a sign during a session. KDE hides it among other icons, but notifies the user of each session.
    """

    ask_s: float = 120.0
    wait_s: float = 3.0
    idle_s: float = 30.0


ON_KDE: Final = SessionTimes(idle_s=3600.0)


class RemoteSession:
    """The session. ``clipboard``: request access to the clipboard too.

    ``opening`` is called before each opening, ``on_signal`` for each signal about the session. While ``needed``
    is set, an idle session stays open.
    """

    def __init__(
        self,
        open_portal: Callable[[], Awaitable[Portal]],
        permission: Permission,
        *,
        clipboard: bool = False,
        times: SessionTimes | None = None,
    ) -> None:
        self.opening: Callable[[], None] = lambda: None
        self.on_signal: Callable[[Signal], None] = lambda signal: None
        self.needed = False
        self._open_portal, self._permission = open_portal, permission
        self._clipboard, self._times = clipboard, times or SessionTimes()
        self._portal: Portal | None = None
        self._session: PortalSession | None = None
        self._path = ""  # that of the session that is open or being opened
        self._start: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._tasks = Tasks("portal session")

    @property
    def is_open(self) -> bool:
        """True while a session is open."""
        return self._session is not None and not self._session.closed.is_set()

    @property
    def is_opening(self) -> bool:
        """True while the desktop opens the session, or asks the user about it."""
        return self._start is not None and not self._start.done()

    async def open_session(self) -> PortalSession:
        """Return the session, after opening it if needed.

        Raises ``PermissionMissing`` or ``SessionMissing``: nothing can be pressed now.
        """
        self._stop_idle_timer()
        if not self.is_open:
            if self._permission.refused:
                raise PermissionMissing("the desktop was not allowed to let this app press keys")
            await self._wait()
        assert self._session is not None
        self._start_idle_timer()
        return self._session

    async def call(
        self, interface: str, member: str, signature: str, *values: Any, deadline_s: float
    ) -> tuple[Any, ...]:
        """Call a method for the open session and return its results. Raises ``BusError``."""
        portal, session = self._portal, self._session
        if portal is None or session is None or session.closed.is_set():
            raise BusSilent("the session has been closed")
        return await portal.call(interface, member, signature, session.path, *values, deadline_s=deadline_s)

    def keep_open(self, *, on: bool) -> None:
        """Set whether the session must stay open although it is idle."""
        self.needed = on
        self._start_idle_timer()

    async def end(self) -> None:
        """Close the session; the desktop then releases its keys. It can be opened again."""
        self._stop_idle_timer()
        if self._session is not None:
            await self._session.close()

    async def close(self) -> None:
        """Close the session and the connection. Safe to call twice."""
        await self._tasks.close()
        await self.end()
        if self._portal is not None:
            await self._portal.close()

    # -- opening -------------------------------------------------------------------------------------------

    async def _wait(self) -> None:
        """Open the session; raise an error if that takes too long, but keep the dialog open."""
        if self._start is None or self._start.done():
            self._failure = None
            self._start = self._tasks.start(self._begin(), "open")
        done, _ = await asyncio.wait({self._start}, timeout=self._times.wait_s)
        if not done:
            raise PermissionMissing("the desktop asks whether this app may press keys: allow it there")
        if self._failure is not None:
            raise self._failure
        if not self.is_open:
            raise SessionMissing("the session of the desktop portal was closed at once")

    async def _begin(self) -> None:
        try:
            await self._open()
            self._start_idle_timer()  # the text that needed it may have been held
        except PortalRefused as error:
            if self._permission.token and not isinstance(error, PortalDenied):  # the portal has failed
                self._permission.grant("")  # it is spent: the next text asks, and that answer counts
                self._failure = SessionMissing(f"the desktop portal has failed: {error}")
                return
            self._permission.refuse()
            self._failure = PermissionMissing(f"{error}: allow it in the settings, or start this program again")
        except InsertionUnavailable as error:
            self._failure = error
        except BusError as error:
            self._failure = SessionMissing(f"the desktop portal gives no keyboard: {error}")

    async def _open(self) -> None:
        portal = await self._connect_portal()
        self.opening()
        session = await portal.session(INTERFACE)
        self._path = session.path
        async with close_on_error(session.close):
            await self._select(portal, session)
            if self._clipboard:
                await portal.call("Clipboard", "RequestClipboard", _SESSION, session.path, {})
            start = f"{INTERFACE}.Start"
            try:
                granted = await portal.request(start, "osa{sv}", session.path, "", deadline_s=self._times.ask_s)
            except BusSilent as error:
                raise PortalDenied("nobody answered the dialog of the desktop") from error
            if not granted.get("devices", 0) & _KEYBOARD:
                raise PortalDenied("the desktop shares no keyboard")
            if self._clipboard and not granted.get("clipboard_enabled"):
                raise PortalDenied("the desktop shares no clipboard")
        self._session = session
        self._permission.grant(str(granted.get("restore_token", "")))

    async def _select(self, portal: Portal, session: PortalSession) -> None:
        chosen: dict[str, tuple[str, Any]] = {"types": ("u", _KEYBOARD), "persist_mode": ("u", _UNTIL_REVOKED)}
        if token := self._permission.token:
            chosen["restore_token"] = ("s", token)
        await portal.request(f"{INTERFACE}.SelectDevices", _SESSION, session.path, options=chosen)

    async def _connect_portal(self) -> Portal:
        if self._portal is None or self._portal.bus.gone.is_set():
            portal = await self._open_portal()
            portal.listen(self._pass_on)
            self._portal = portal
        return self._portal

    def _pass_on(self, signal: Signal) -> None:
        if signal.values[:1] == (self._path,):
            self.on_signal(signal)

    # -- idle sessions -------------------------------------------------------------------------------------

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _start_idle_timer(self) -> None:
        self._stop_idle_timer()
        if self.is_open and not self.needed:
            self._idle_timer = asyncio.get_running_loop().call_later(self._times.idle_s, self._end_idle)

    def _end_idle(self) -> None:
        self._tasks.start(self._end_quietly(), "end")

    async def _end_quietly(self) -> None:
        with suppress(BusError):
            await self.end()
