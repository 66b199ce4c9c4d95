"""A connection to a message bus, for one event loop.

async with await BusConnection.open(session_address(os.environ)) as bus:
    (names,) = await bus.call(BUS_PROGRAM, "ListNames")
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from dbus_fast import ErrorType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError, DBusFastError, InvalidBusNameError, InvalidObjectPathError
from dbus_fast.unpack import unpack_variants

from app.bus.errors import BusMissing, BusRefused, BusSilent
from runtime.tasks import Closing

__all__ = ("BUS_PROGRAM", "CALL_S", "BusConnection", "BusObject", "Answer", "MethodCall", "Signal", "Variant")

CALL_S: Final = 5.0
_CONNECT_S: Final = 5.0
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"


@dataclass(frozen=True)
class BusObject:
    """An interface of an object of a program: the program's name on the bus, the object's path, the interface."""

    program: str
    path: str
    interface: str


@dataclass(frozen=True)
class _Received:
    """A received message. ``sender``: the unique name of the program. ``values``: without variants."""

    sender: str
    path: str
    interface: str
    member: str
    values: tuple[Any, ...]


class Signal(_Received):
    """A signal that this program asked for."""


class MethodCall(_Received):
    """A method call to this program, or one that it observes."""


Answer = tuple[str, tuple[Any, ...]]
"""The signature and the values of the answer to a method call."""


BUS_PROGRAM: Final = BusObject("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


def session_address(environment: Mapping[str, str]) -> str:
    """Return the address of the session's bus; empty if there is none."""
    if address := environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    usual = Path(environment.get("XDG_RUNTIME_DIR") or "/nonexistent", "bus")
    return f"unix:path={usual}" if usual.is_socket() else ""


class _Bus(MessageBus):
    """A bus that ignores errors of sending, because the end of the connection reports them, and late answers."""

    def send(self, msg: Message) -> Any:
        """Send a message, and ignore a failure. Raises ``OSError`` if the connection has already ended."""
        sent: asyncio.Future[None] = self._loop.create_future()
        sent.add_done_callback(_forget)
        msg.serial = msg.serial or self.next_serial()
        assert self._writer is not None
        try:
            self._writer.schedule_write(msg, sent)
        except OSError:
            if not sent.done():
                raise  # otherwise the caller that waits for the answer gets the error
        return sent

    def _reply_handler(self, future: "asyncio.Future[Any]", reply: Any, err: Exception | None) -> None:
        """Complete a call, or close the descriptors of its answer if no task waits any more."""
        for descriptor in reply.unix_fds if reply and future.done() else ():
            os.close(descriptor)
        super()._reply_handler(future, reply, err)


def _forget(sent: "asyncio.Future[None]") -> None:
    if not sent.cancelled():
        sent.exception()


class BusConnection(Closing):
    """A connection to a message bus. ``gone``: set when the connection has ended."""

    def __init__(self, bus: MessageBus) -> None:
        self.gone = asyncio.Event()
        self.bus = bus
        self._handlers: list[Callable[[Signal], None]] = []
        self._answering: Callable[[MethodCall], Answer | None] | None = None
        self._call_observers: list[Callable[[MethodCall], None]] = []
        self._watching = asyncio.ensure_future(self._watch())
        bus.add_message_handler(self._handle_message)

    @classmethod
    async def open(cls, address: str) -> Self:
        """Connect to the bus at this address. Raises ``BusMissing``."""
        if not address:
            raise BusMissing("this session has no message bus")
        try:
            async with asyncio.timeout(_CONNECT_S):
                return cls(await _Bus(bus_address=address, negotiate_unix_fd=True).connect())
        except (OSError, EOFError, TimeoutError, DBusError, ValueError) as error:
            raise BusMissing(f"the message bus cannot be reached: {error}") from error

    async def close(self) -> None:
        """End the connection. Safe to call twice."""
        self.bus.disconnect()
        self._watching.cancel()
        self.gone.set()

    @property
    def name(self) -> str:
        """The unique name of this connection."""
        return self.bus.unique_name or ""

    async def call(
        self,
        target: BusObject,
        member: str,
        signature: str = "",
        *values: Any,
        deadline_s: float = CALL_S,
        returns: str | None = None,
    ) -> tuple[Any, ...]:
        """Call a method and return its results, without variants. File descriptors arrive as descriptors.

        ``values`` that are variants are ``dbus_fast.Variant``. ``returns``: the only signature of results that is
        not refused. Raises ``BusRefused``, ``BusSilent`` or ``BusMissing``.
        """
        try:
            message = Message(
                destination=target.program,
                path=target.path,
                interface=target.interface,
                member=member,
                signature=signature,
                body=list(values),
            )
        except (InvalidBusNameError, InvalidObjectPathError) as error:  # another program has told them
            raise BusRefused(ErrorType.INVALID_ARGS.value, str(error)) from error
        try:
            async with asyncio.timeout(deadline_s):
                self._check_connection()
                reply = await self.bus.call(message)
        except TimeoutError as error:
            raise BusSilent(f"{target.program} did not answer {member}") from error
        except (OSError, EOFError, DBusError) as error:
            raise BusMissing(str(error)) from error
        self._check_connection()
        if reply.message_type is MessageType.ERROR:
            raise BusRefused(reply.error_name or "", " ".join(map(str, reply.body)))
        if returns not in (None, reply.signature):
            raise BusRefused(ErrorType.INVALID_SIGNATURE.value, f"{member} returned {reply.signature}")
        return _plain_values(reply)

    async def get(self, target: BusObject, name: str) -> Any:
        """Return a property. Raises like ``call``."""
        place = replace(target, interface=_PROPERTIES)
        (value,) = await self.call(place, "Get", "ss", target.interface, name)
        return value

    async def listen(self, rule: str, handler: Callable[[Signal], None]) -> None:
        """Call ``handler`` for every signal that arrives, and let those that match ``rule`` arrive.

        Raises like ``call``. Source: D-Bus specification, "Match Rules".
        """
        self._handlers.append(handler)
        await self.call(BUS_PROGRAM, "AddMatch", "s", rule)

    def serve(self, answer: Callable[[MethodCall], Answer | None]) -> None:
        """Answer method calls with what ``answer`` returns; ``None``: the object or its method is unknown."""
        self._answering = answer

    def emit(self, path: str, interface: str, member: str, signature: str = "", *values: Any) -> None:
        """Send a signal to all programs that listen for it, if the connection has not ended."""
        with suppress(OSError):
            self.bus.send(Message.new_signal(path, interface, member, signature, list(values)))

    async def observe_calls(self, rule: str, handler: Callable[[MethodCall], None]) -> None:
        """Call ``handler`` for calls between other programs that match ``rule``, if this bus shows them.

        From then on, calls to this connection stay unanswered: they look like observed ones. Raises like ``call``.
        """
        self._call_observers.append(handler)
        await self.call(BUS_PROGRAM, "AddMatch", "s", rule)

    def _handle_message(self, message: Message) -> Message | bool | None:
        if self.gone.is_set():
            return True  # messages that were read before the end: nothing can be answered any more
        sender, path, interface = message.sender or "", message.path or "", message.interface or ""
        if message.message_type is MessageType.SIGNAL:
            signal = Signal(sender, path, interface, message.member or "", _plain_values(message))
            for handler in tuple(self._handlers):
                handler(signal)
        elif message.message_type is MessageType.METHOD_CALL and (self._call_observers or self._answering):
            return self._answer_call(
                message, MethodCall(sender, path, interface, message.member or "", _plain_values(message))
            )
        return None

    def _answer_call(self, message: Message, call: MethodCall) -> Message | bool:
        for handler in tuple(self._call_observers):
            handler(call)
        if self._call_observers or self._answering is None:
            return True
        answer = self._answering(call)
        if answer is None:
            return Message.new_error(message, ErrorType.UNKNOWN_METHOD, "there is no such object or method here")
        return Message.new_method_return(message, answer[0], list(answer[1]))

    def _check_connection(self) -> None:
        if self.gone.is_set():
            raise BusMissing("the connection to the message bus has ended")

    async def _watch(self) -> None:
        try:
            with suppress(OSError, EOFError, DBusFastError):  # also a message that cannot be decoded
                await self.bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # of dbus-fast
        finally:
            self.gone.set()


def _plain_values(message: Message) -> tuple[Any, ...]:
    """Return the values of a message without variants, and descriptors in the place of their numbers."""
    values = unpack_variants(message.body)
    if message.unix_fds and "h" in message.signature:
        kinds = [kind.token for kind in message.signature_tree.types]
        values = [
            message.unix_fds[value] if kind == "h" else value for kind, value in zip(kinds, values, strict=True)
        ]
    return tuple(values)
