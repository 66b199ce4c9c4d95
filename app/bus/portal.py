"""The desktop portal: requests that the user may have to grant, and sessions that it may end.

Source: XDG Desktop Portal documentation, "Request", "Session" and "Registry".
"""

import asyncio
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Self

from dbus_fast import Variant

from app.bus.connection import BUS_PROGRAM, CALL_S, BusConnection, BusObject, Signal, session_address
from app.bus.errors import BusError, BusMissing, BusRefused, BusSilent, PortalDenied, PortalRefused
from app.core.identity import APP_ID
from runtime.tasks import Closing, close_on_error

PROGRAM: Final = "org.freedesktop.portal.Desktop"
PATH: Final = "/org/freedesktop/portal/desktop"
_PREFIX: Final = "org.freedesktop.portal."
_REGISTRY: Final = BusObject(PROGRAM, PATH, "org.freedesktop.host.portal.Registry")
_REQUEST: Final = f"{_PREFIX}Request"
_SESSION: Final = f"{_PREFIX}Session"
_GRANTED: Final = 0
_CANCELLED: Final = 1
# The portal notices a new desktop file only after a moment.
_REGISTER_TRIES: Final = 3
_REGISTER_PAUSE_S: Final = 0.2
_START_S: Final = 25.0  # the first call may start the portal and its services; the bus waits as long
_UNKNOWN: Final = "Unknown"  # part of the errors for a method, an interface or a program that is not there

Options = Mapping[str, tuple[str, Any]]
"""Options of a call: signature and value by name."""


class PortalSession:
    """A session of the portal. ``closed``: set when it has ended for any reason."""

    def __init__(self, portal: "Portal", path: str) -> None:
        self.path = path
        self.closed = asyncio.Event()
        self._portal = portal

    async def close(self) -> None:
        """End the session. Safe to call twice."""
        if not self.closed.is_set():
            self.closed.set()
            with suppress(BusError):
                await self._portal.bus.call(BusObject(PROGRAM, self.path, _SESSION), "Close")


class Portal(Closing):
    """The portal, as seen by one connection to the bus."""

    def __init__(self, bus: BusConnection, app_id: str) -> None:
        self.bus = bus
        self._app_id = app_id
        self._owner = ""
        self._registered = False
        self._answers: dict[str, asyncio.Future[tuple[Any, ...]]] = {}
        self._sessions: dict[str, PortalSession] = {}
        self._handlers: list[Callable[[Signal], None]] = []

    @classmethod
    async def open(cls, environment: Mapping[str, str] = os.environ, app_id: str = APP_ID) -> Self:
        """Connect to the portal of the session and register the app. Raises ``BusError``."""
        bus = await BusConnection.open(session_address(environment))
        async with close_on_error(bus.close):
            portal = cls(bus, app_id)
            await portal._start()
        return portal

    async def close(self) -> None:
        """End the connection, which ends its sessions too. Safe to call twice."""
        self._watching.cancel()
        await self.bus.close()
        self._end_all()

    async def version(self, interface: str) -> int:
        """Return the version of an interface, such as ``GlobalShortcuts``; 0 if the desktop lacks it."""
        await self._register()
        try:
            return int(await self.bus.get(_object(interface), "version"))
        except BusRefused:
            return 0

    async def call(
        self, interface: str, member: str, signature: str, *values: Any, deadline_s: float = CALL_S
    ) -> tuple[Any, ...]:
        """Call a method that needs no answer of the user. Raises like ``BusConnection.call``."""
        await self._register()
        return await self.bus.call(_object(interface), member, signature, *values, deadline_s=deadline_s)

    async def request(
        self, method: str, signature: str, *values: Any, options: Options | None = None, deadline_s: float = CALL_S
    ) -> dict[str, Any]:
        """Call a method that the user may have to grant, and return its results.

        ``method``: such as ``GlobalShortcuts.BindShortcuts``. ``options`` follow the values; ``signature``
        includes them. After the deadline the request is withdrawn. Raises ``PortalDenied``, ``PortalRefused``
        or like ``BusConnection.call``.
        """
        interface, _, member = method.partition(".")
        token = _token()
        path = f"{PATH}/request/{self._sender}/{token}"
        answer = self._answers[path] = asyncio.get_running_loop().create_future()  # the answer may arrive first
        try:
            chosen = variants({**(options or {}), "handle_token": ("s", token)})
            await self.call(interface, member, signature, *values, chosen)
            await asyncio.wait({answer}, timeout=deadline_s)
            if not answer.done():
                raise BusSilent(f"nobody answered {method}")
            code, results = answer.result()
        finally:
            del self._answers[path]
            if not answer.done():
                await self._withdraw(path)
            elif not answer.cancelled():
                answer.exception()  # retrieved, so that asyncio does not report it
        if code != _GRANTED:
            kind = PortalDenied if code == _CANCELLED else PortalRefused
            raise kind(f"{method} was not granted ({code})")
        return dict(results)

    async def session(self, interface: str, options: Options | None = None) -> PortalSession:
        """Open a session of an interface. Raises like ``request``."""
        token = _token()
        session = PortalSession(self, f"{PATH}/session/{self._sender}/{token}")
        self._sessions = {path: each for path, each in self._sessions.items() if not each.closed.is_set()}
        self._sessions[session.path] = session  # before the call: it may be closed at once
        chosen = {**(options or {}), "session_handle_token": ("s", token)}
        try:
            results = await self.request(f"{interface}.CreateSession", "a{sv}", options=chosen)
        except BaseException:
            self._sessions.pop(session.path, None)
            raise
        if (path := str(results.get("session_handle", session.path))) != session.path:
            session.path = path
            self._sessions[path] = session
        return session

    def listen(self, handler: Callable[[Signal], None]) -> None:
        """Call ``handler`` for each signal of the portal."""
        self._handlers.append(handler)

    # -- the portal's side ---------------------------------------------------------------------------------

    @property
    def _sender(self) -> str:
        return self.bus.name.removeprefix(":").replace(".", "_")

    async def _start(self) -> None:
        await self.bus.listen(f"type='signal',sender='{PROGRAM}'", self._handle_signal)
        owners = f"type='signal',sender='{BUS_PROGRAM.program}',member='NameOwnerChanged',arg0='{PROGRAM}'"
        await self.bus.listen(owners, self._follow_owner)
        await self._register()
        with suppress(BusRefused):
            (self._owner,) = await self.bus.call(BUS_PROGRAM, "GetNameOwner", "s", PROGRAM)
        self._watching = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        await self.bus.gone.wait()
        self._end_all()

    async def _register(self) -> None:
        """Register the app with a portal that does not know it yet, before any other call.

        Older portals lack this method, and others refuse an app without a desktop file. Then the app stays
        unnamed.
        """
        if self._registered:
            return
        for left in reversed(range(_REGISTER_TRIES)):
            try:
                await self.bus.call(_REGISTRY, "Register", "sa{sv}", self._app_id, {}, deadline_s=_START_S)
                break
            except BusRefused as error:
                if not left or _UNKNOWN in error.name:
                    break
                await asyncio.sleep(_REGISTER_PAUSE_S)
        self._registered = True

    async def _withdraw(self, path: str) -> None:
        with suppress(BusError):
            await self.bus.call(BusObject(PROGRAM, path, _REQUEST), "Close")

    def _follow_owner(self, signal: Signal) -> None:
        if signal.sender == BUS_PROGRAM.program and signal.member == "NameOwnerChanged":
            name, before, now = signal.values
            if name == PROGRAM:
                self._owner, self._registered = now, False
                if before:
                    self._end_all()

    def _end_all(self) -> None:
        """End all sessions and requests: they ended with the portal."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            session.closed.set()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(BusMissing("the desktop portal has ended"))

    def _handle_signal(self, signal: Signal) -> None:
        if signal.sender != self._owner:
            return
        if signal.interface == _REQUEST and signal.member == "Response":
            answer = self._answers.get(signal.path)
            if answer is not None and not answer.done():
                answer.set_result(signal.values)
        elif signal.interface == _SESSION and signal.member == "Closed" and signal.path in self._sessions:
            self._sessions.pop(signal.path).closed.set()
        for handler in tuple(self._handlers):
            handler(signal)


def variants(options: Options) -> dict[str, Variant]:
    """Return options as D-Bus sends them."""
    return {name: Variant(signature, value) for name, (signature, value) in options.items()}


def _object(interface: str) -> BusObject:
    return BusObject(PROGRAM, PATH, f"{_PREFIX}{interface}")


def _token() -> str:
    return f"kikipounamu{secrets.token_hex(8)}"
