"""A connection to a Wayland compositor, for one event loop.

    async with await WaylandConnection.open(os.environ) as wayland:
        seat = wayland.bind(SEAT)
        seat.on("name", print)
        await wayland.roundtrip()

Source: "The Wayland Protocol", chapters "Wire Format" and "wl_display".
"""

import array
import asyncio
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol, Self

from app.wayland.errors import CompositorGone, CompositorMissing, InterfaceMissing
from app.wayland.interfaces import CALLBACK, DISPLAY, Interface, by_name
from app.wayland.wire import Message, WireEvent, packed, split, unpacked
from runtime.tasks import Closing, close_on_error

_REPLY_S: Final = 5.0
_READ_BYTES: Final = 65_536
_MOST_DESCRIPTORS: Final = 28  # of one message, as in libwayland
_MOST_UNSENT: Final = 4 * 2**20
_SERVER_IDS: Final = 0xFF00_0000  # from here on, the compositor chooses ids

Handler = Callable[..., None]


class SocketWatcher(Protocol):
    """The part of an event loop that a connection needs; asyncio's loops have it."""

    def add_reader(self, descriptor: int, callback: Callable[[], None], /) -> object:
        """Call back whenever the descriptor can be read."""

    def remove_reader(self, descriptor: int, /) -> object:
        """Stop watching the descriptor for reading."""

    def add_writer(self, descriptor: int, callback: Callable[[], None], /) -> object:
        """Call back whenever the descriptor can be written."""

    def remove_writer(self, descriptor: int, /) -> object:
        """Stop watching the descriptor for writing."""


class WaylandObject:
    """An object that the app shares with the compositor. Events without a handler are ignored.

    ``version``: that of its interface; for a global, the one with which it was bound.
    """

    def __init__(self, connection: "WaylandConnection", interface: Interface, object_id: int) -> None:
        self.interface, self.object_id = interface, object_id
        self.version = interface.version
        self.destroyed = False
        self._connection = connection
        self._handlers: dict[str, Handler] = {}

    def on(self, event: str, handler: Handler) -> None:
        """Call ``handler`` with the arguments of each such event."""
        self._handlers[event] = handler

    def request(self, name: str, *values: Any) -> "WaylandObject":
        """Send a request; return the new object that it creates, else this one.

        ``values``: without the new object. Descriptors are closed by the connection once they are sent.
        """
        return self._connection.send(self, name, values)

    def destroy(self) -> None:
        """Send the request ``destroy``; no more events are handled."""
        self.request("destroy")
        self.destroyed = True
        self._handlers.clear()
        self._connection.forget(self)

    def handle(self, event: Message, values: Sequence[Any]) -> None:
        """Pass an event to its handler; close the descriptors of an event without one."""
        if handler := self._handlers.get(event.name):
            handler(*values)
        else:
            _close_all(value for letter, value in zip(event.signature, values, strict=True) if letter == "h")


class WaylandConnection(Closing):
    """The objects shared with one compositor.

    ``gone``: set when the connection has ended; ``on_gone`` is called then. ``on_globals`` is called after each
    change of the offers. ``watcher``: default the running loop of asyncio.
    """

    def __init__(
        self,
        compositor: socket.socket,
        known: Mapping[str, Interface] | None = None,
        watcher: SocketWatcher | None = None,
    ) -> None:
        self.gone = asyncio.Event()
        self.on_gone: Callable[[], None] = lambda: None
        self.on_globals: Callable[[], None] = lambda: None
        self.fault = ""
        self._versions: dict[str, dict[int, int]] = {}  # by interface name: the version of each global
        self._known = known or by_name()
        self._socket = compositor
        self._watcher = watcher or asyncio.get_running_loop()
        self._objects: dict[int, WaylandObject] = {}
        self._free: list[int] = []
        self._next = 1
        self._received = b""
        self._descriptors: deque[int] = deque()
        self._unsent: deque[tuple[bytes, list[int]]] = deque()
        self._gathers = False
        self._display = self._add(DISPLAY)
        self._registry = self._display
        self._display.on("error", self._request_refused)
        self._display.on("delete_id", self._forget_object)

    @classmethod
    async def open(cls, environment: Mapping[str, str], interfaces: Mapping[str, Interface] | None = None) -> Self:
        """Connect to the compositor of this environment and learn its globals.

        ``interfaces``: those that objects may have, default all of ``interfaces``. Raises ``CompositorMissing``
        or ``CompositorGone``.
        """
        connection = cls.begin(environment, asyncio.get_running_loop(), interfaces)
        async with close_on_error(connection.close):
            await connection.roundtrip()
        return connection

    @classmethod
    def begin(
        cls,
        environment: Mapping[str, str],
        watcher: SocketWatcher,
        interfaces: Mapping[str, Interface] | None = None,
    ) -> Self:
        """Connect like ``open``, in any event loop; the globals are known ``after`` this.

        Raises ``CompositorMissing``.
        """
        compositor = _connect(environment)
        connection = cls(compositor, interfaces, watcher)
        watcher.add_reader(compositor.fileno(), connection._readable)
        registry = connection._registry = connection._display.request("get_registry")
        registry.on("global", connection._record_global)
        registry.on("global_remove", connection._withdrawn)
        return connection

    @property
    def compositor(self) -> int:
        """The id of the compositor's process, or of the process that listens for it."""
        credentials = struct.Struct("3i")
        given = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, credentials.size)
        process: int = credentials.unpack(given)[0]
        return process

    async def close(self) -> None:
        """Send what is left, and end the connection. Safe to call twice."""
        self.end()

    def end(self) -> None:
        """Send what is left, and end the connection, without waiting."""
        if not self.gone.is_set():
            self._flush()
            self._disconnect("closed")

    @property
    def globals(self) -> dict[str, int]:
        """Versions of the interfaces that the compositor offers; of several globals that of the newest."""
        return {interface: [*versions.values()][-1] for interface, versions in self._versions.items() if versions}

    def names(self, interface: Interface) -> tuple[int, ...]:
        """Return the numbers of the globals with this interface, the oldest first."""
        return tuple(self._versions.get(interface.name, ()))

    def bind(self, interface: Interface, instance: int = -1) -> WaylandObject:
        """Return an object for a global; ``instance``: which one, if there are several.

        Several globals of one interface may have different versions. Raises ``InterfaceMissing``.
        """
        if not (names := self.names(interface)):
            raise InterfaceMissing(interface.name)
        name, made = names[instance], self._add(interface)
        made.version = min(interface.version, self._versions[interface.name][name])
        self.send(self._registry, "bind", (name, interface.name, made.version, made.object_id))
        return made

    async def roundtrip(self, deadline_s: float = _REPLY_S) -> None:
        """Wait until the compositor has processed all requests. Raises ``CompositorGone``."""
        done = asyncio.Event()
        self.after(done.set)
        await self.until(done, deadline_s)

    def after(self, do: Callable[[], None]) -> None:
        """Call a function once the compositor has processed all requests. Raises ``CompositorGone``."""
        self._display.request("sync").on("done", lambda serial: do())

    async def until(self, event: asyncio.Event, deadline_s: float = _REPLY_S) -> None:
        """Wait for an event that a handler sets. Raises ``CompositorGone``, also at the deadline."""
        waits = [asyncio.ensure_future(one.wait()) for one in (event, self.gone)]
        try:
            await asyncio.wait(waits, timeout=deadline_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
        if not event.is_set():
            raise CompositorGone(self.fault or "the compositor does not answer")

    def send(self, sender: WaylandObject, name: str, values: Iterable[Any]) -> WaylandObject:
        """Send a request of an object; see ``WaylandObject.request``. Raises ``CompositorGone``."""
        if self.gone.is_set():
            raise CompositorGone(self.fault)
        opcode, message = next(
            (place, one) for place, one in enumerate(sender.interface.requests) if one.name == name
        )
        made = self._add(self._known[message.creates]) if message.creates else sender
        arguments = [value.object_id if isinstance(value, WaylandObject) else value for value in values]
        if message.creates:
            arguments.insert(message.signature.index("n"), made.object_id)
        data, descriptors = packed(sender.object_id, opcode, message.signature, arguments)
        self._unsent.append((data, descriptors))
        if sum(len(part) for part, _ in self._unsent) > _MOST_UNSENT:
            self._disconnect("the compositor reads nothing")
        if not self._gathers:
            self._flush()
        return made

    @contextmanager
    def sent_together(self) -> Iterator[None]:
        """Send the requests of this context at once: the compositor gets all of them or none.

        They must carry no descriptors.
        """
        before = len(self._unsent)
        self._gathers = True
        try:
            yield
        finally:
            self._gathers = False
            new = [self._unsent.pop()[0] for _ in range(len(self._unsent) - before)]
            if new:
                self._unsent.append((b"".join(reversed(new)), []))
                self._flush()

    def forget(self, destroyed: WaylandObject) -> None:
        """Forget a destroyed object. The compositor confirms that only for ids that the app has chosen."""
        if destroyed.object_id >= _SERVER_IDS:
            self._objects.pop(destroyed.object_id, None)

    # -- sending and receiving -----------------------------------------------------------------------------

    def _flush(self) -> None:
        """Send as much as the socket takes; the rest follows when it takes more."""
        try:
            while self._unsent:
                data, descriptors = self._unsent[0]
                sent = self._socket.sendmsg([data], _ancillary(descriptors))
                _close_all(descriptors)
                self._unsent.popleft()
                if sent < len(data):
                    self._unsent.appendleft((data[sent:], []))
        except BlockingIOError:
            self._watcher.add_writer(self._socket.fileno(), self._writable)
        except OSError as error:
            self._disconnect(str(error))

    def _writable(self) -> None:
        self._watcher.remove_writer(self._socket.fileno())
        self._flush()

    def _readable(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, _READ_BYTES, _MOST_DESCRIPTORS)
        except BlockingIOError:
            return
        except OSError as error:
            self._disconnect(str(error))
            return
        self._descriptors += descriptors
        if not data:
            self._disconnect("the compositor has ended")
            return
        try:
            events, self._received = split(self._received + data)
            for event in events:
                self._dispatch(event)
        except (ValueError, IndexError) as error:
            self._disconnect(str(error))
        except CompositorGone:
            return  # a handler sent something, and that ended the connection

    def _dispatch(self, event: WireEvent) -> None:
        target = self._objects.get(event.sender)
        if target is None or event.opcode >= len(target.interface.events):
            return  # destroyed already; the interfaces used send no descriptors then
        message = target.interface.events[event.opcode]
        raw = unpacked(message.signature, event.body, self._descriptors.popleft)
        values = [
            self._argument(letter, value, message.creates)
            for letter, value in zip(message.signature, raw, strict=True)
        ]
        if target.interface is CALLBACK:
            self._objects.pop(target.object_id, None)
        target.handle(message, values)

    def _argument(self, letter: str, value: Any, creates: str) -> Any:
        if letter == "n":
            return self._add(self._known[creates], value)
        return self._objects.get(value) if letter == "o" else value

    # -- objects -------------------------------------------------------------------------------------------

    def _add(self, interface: Interface, object_id: int = 0) -> WaylandObject:
        if not object_id:
            object_id = self._free.pop() if self._free else self._next
            self._next += object_id == self._next
        made = self._objects[object_id] = WaylandObject(self, interface, object_id)
        return made

    def _forget_object(self, object_id: int) -> None:
        self._objects.pop(object_id, None)
        if object_id < _SERVER_IDS:
            self._free.append(object_id)

    def _record_global(self, name: int, interface: str, version: int) -> None:
        self._versions.setdefault(interface, {})[name] = version
        self.on_globals()

    def _withdrawn(self, name: int) -> None:
        for versions in self._versions.values():
            versions.pop(name, None)
        self.on_globals()

    def _request_refused(self, culprit: WaylandObject | None, code: int, reason: str) -> None:
        name = culprit.interface.name if culprit else "?"
        self._disconnect(f"the compositor refused a request of {name} ({code}): {reason}")

    def _disconnect(self, reason: str) -> None:
        if self.gone.is_set():
            return
        self.fault = reason
        self._watcher.remove_reader(self._socket.fileno())
        self._watcher.remove_writer(self._socket.fileno())
        self._socket.close()
        for _, descriptors in self._unsent:
            _close_all(descriptors)
        _close_all(self._descriptors)
        self._descriptors.clear()
        self._unsent.clear()
        self.gone.set()
        self.on_gone()


def _connect(environment: Mapping[str, str]) -> socket.socket:
    """Return a connected socket. Source: "Client API", ``wl_display_connect``."""
    place = Path(environment.get("XDG_RUNTIME_DIR", ""), environment.get("WAYLAND_DISPLAY") or "wayland-0")
    compositor = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        if not place.is_absolute():
            raise FileNotFoundError("XDG_RUNTIME_DIR is not set")
        compositor.setblocking(False)  # before it connects: a hanging compositor may never accept
        compositor.connect(str(place))
    except OSError as error:
        compositor.close()
        raise CompositorMissing(f"no Wayland compositor can be reached ({error})") from error
    return compositor


def _ancillary(descriptors: list[int]) -> list[tuple[int, int, Any]]:
    if not descriptors:
        return []
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]


def _close_all(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        with suppress(OSError):
            os.close(descriptor)
