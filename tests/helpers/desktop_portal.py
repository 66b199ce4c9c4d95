"""A desktop portal on a separate session bus with the real daemon. The test chooses its answers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Self

from dbus_fast import Message, MessageType

from app.bus.connection import BUS_PROGRAM, BusConnection
from app.bus.portal import PATH, PROGRAM, Options, variants

GRANTED, CANCELLED, REFUSED = 0, 1, 2
SILENT: Final = -1
"""Answer of a dialog that the user leaves open."""
_PREFIX: Final = "org.freedesktop.portal."
_FIRST_OWNER: Final = 1


@dataclass(frozen=True)
class PortalCall:
    """A call that arrived: the method such as ``GlobalShortcuts.BindShortcuts``, and its values with variants."""

    method: str
    values: tuple[Any, ...]
    sender: str


@dataclass
class DesktopPortal:
    """A running portal. ``versions``: of its interfaces; ``answers``: code and results of requests by method.

    ``started``: called when a session has been granted. ``replies``: return signature, values and descriptors of
    other methods. ``errors``: names of errors by method.
    """

    bus: BusConnection
    versions: dict[str, int]
    answers: dict[str, tuple[int, Options]] = field(default_factory=dict)
    replies: dict[str, Callable[[tuple[Any, ...]], tuple[str, list[Any], list[int]]]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    calls: list[PortalCall] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    answering: "asyncio.Future[None] | None" = None
    started: Callable[[], None] = lambda: None

    @classmethod
    async def start(cls, address: str, versions: dict[str, int]) -> Self:
        """Take the portal's name on the bus."""
        bus = await BusConnection.open(address)
        portal = cls(bus, versions)
        bus.bus.add_message_handler(portal._handle)
        assert await bus.call(BUS_PROGRAM, "RequestName", "su", PROGRAM, 4) == (_FIRST_OWNER,)
        return portal

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Leave the bus, as a killed portal does."""
        await self.bus.close()

    def calls_of(self, method: str) -> list[PortalCall]:
        """Return the calls of a method."""
        return [call for call in self.calls if call.method == method]

    async def emit(self, interface: str, member: str, signature: str, *values: Any, path: str = PATH) -> None:
        """Send a signal of one of the portal's interfaces."""
        await self.bus.bus.send(
            Message(
                message_type=MessageType.SIGNAL,
                path=path,
                interface=f"{_PREFIX}{interface}",
                member=member,
                signature=signature,
                body=list(values),
            )
        )

    async def end_session(self) -> None:
        """End the newest session, as a user does who stops sharing."""
        await self.emit("Session", "Closed", "", path=self.sessions.pop())

    def _handle(self, message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL or not message.interface:
            return None
        if message.interface.startswith("org.freedesktop.DBus"):
            return self._property(message)
        method = f"{message.interface.rpartition('.')[2]}.{message.member}"
        self.calls.append(PortalCall(method, tuple(message.body), message.sender or ""))
        if name := self.errors.get(method):
            return Message.new_error(message, name, "as the test wants it")
        if method in self.replies:
            return Message.new_method_return(message, *self.replies[method](tuple(message.body)))
        options = message.body[-1] if message.body and isinstance(message.body[-1], dict) else {}
        if "handle_token" in options:
            return self._requested(method, message, options)
        return Message.new_method_return(message)

    def _property(self, message: Message) -> Message | None:
        if message.member != "Get":
            return None
        interface = message.body[0].removeprefix(_PREFIX)
        if interface not in self.versions:
            return Message.new_error(message, "org.freedesktop.DBus.Error.InvalidArgs", "no such interface")
        version = variants({"version": ("u", self.versions[interface])})["version"]
        return Message.new_method_return(message, "v", [version])

    def _requested(self, method: str, message: Message, options: dict[str, Any]) -> Message:
        sender = (message.sender or "").removeprefix(":").replace(".", "_")
        code, results = self.answers.get(method, (GRANTED, {}))
        if method.endswith(".Start") and code == GRANTED:
            self.started()
        if method.endswith(".CreateSession") and code == GRANTED:
            session = f"{PATH}/session/{sender}/{options['session_handle_token'].value}"
            self.sessions.append(session)
            results = {**results, "session_handle": ("s", session)}
        request = f"{PATH}/request/{sender}/{options['handle_token'].value}"
        if code != SILENT:  # before the method returns, as a quick portal does
            answer = self.emit("Request", "Response", "ua{sv}", code, variants(results), path=request)
            self.answering = asyncio.ensure_future(answer)
        return Message.new_method_return(message, "o", [request])
