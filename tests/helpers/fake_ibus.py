"""The daemon of IBus, with one text field, as a program on a message bus.

It behaves as IBus 1.5.32 does, even where that surprises: IBus asks an engine what it wants only after the
engine's first ``FocusIn``, and has no global engine once a registered engine has left.
"""

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from dbus_fast import Message, MessageFlag

from app.bus.connection import BUS_PROGRAM, Answer, BusConnection, BusObject, MethodCall, Signal, Variant
from app.bus.errors import BusError
from app.insertion.ibus.values import CONTEXTS, ENGINES, FACTORY, IBUS, SURROUNDING_TEXT, text_in, text_value
from runtime.tasks import Tasks

_PROPERTIES = "org.freedesktop.DBus.Properties"
CONTEXT = "/org/freedesktop/IBus/InputContext_1"
"""The object path of the text field."""
USERS = "/org/freedesktop/IBus/Engine/1"
"""The object path of the user's engine."""


def described(engine: str) -> Variant:
    """Return the description of an engine, as the daemon sends it."""
    return Variant("(sa{sv}ssssssssussssssss)", ["IBusEngineDesc", {}, engine, *[""] * 7, 0, *[""] * 8])


async def _nothing() -> None:
    """Let the engine learn the focus at once."""


@dataclass
class FakeIBus:
    """The daemon. ``text``: what the field holds. ``committed``: the received texts, one by one.

    ``hears``: the field takes texts and reports them. ``owner``: the program of the registered engine.
    ``refuses``: it cannot start the user's engines.
    ``focusing``: called just before the engine learns the focus. ``taken``: called with each received text, before
    the field reports it.
    """

    address: str
    bus: BusConnection
    engine: str = "xkb:us::eng"
    client: str = "gnome-shell"
    purpose: int = 0
    capabilities: int = 9 | SURROUNDING_TEXT
    text: str = ""
    hears: bool = True
    refuses: bool = False
    committed: list[str] = field(default_factory=list)
    engines: list[str] = field(default_factory=list)
    focusing: Callable[[], Awaitable[None]] = _nothing
    taken: Callable[[], Awaitable[None]] = _nothing
    owner: str = ""
    _registered: list[str] = field(default_factory=list)
    _path: str = ""
    _watchers: set[str] = field(default_factory=set)
    _tasks: Tasks = field(default_factory=lambda: Tasks("fake IBus"))

    @classmethod
    async def open(cls, address: str) -> Self:
        """Run the daemon on the bus at this address."""
        daemon = cls(address, await BusConnection.open(address))
        daemon.bus.serve(daemon._answer)
        await daemon.bus.listen(f"type='signal',interface='{ENGINES}',member='CommitText'", daemon._heard)
        await daemon.bus.call(BUS_PROGRAM, "AddMatch", "s", "type='signal',member='NameOwnerChanged'")
        await daemon.bus.call(BUS_PROGRAM, "RequestName", "su", IBUS.program, 0)
        return daemon

    async def close(self) -> None:
        """End the daemon and its tasks."""
        await self._tasks.close()
        await self.bus.close()

    def show(self, member: str, text: str) -> None:
        """Let the user's engine show this text; nothing if it is empty."""
        values = {"UpdatePreeditText": (0, True, 0), "UpdateAuxiliaryText": (True,)}[member]
        signature = {"UpdatePreeditText": "vubu", "UpdateAuxiliaryText": "vb"}[member]
        self.bus.emit(USERS, ENGINES, member, signature, text_value(text), *values)

    async def move_focus(self) -> None:
        """Take the focus from the field and give it back, before observers ask their next question."""
        for member in ("FocusOut", "FocusIn"):
            for watcher in self._watchers:
                message = Message(watcher, CONTEXT, CONTEXTS, member, flags=MessageFlag.NO_REPLY_EXPECTED)
                await self.bus.bus.send(message)

    async def call(self, member: str, signature: str = "", *values: Any) -> tuple[Any, ...]:
        """Call a method of the engine that is registered."""
        return await self.bus.call(BusObject(self.owner, self._path, ENGINES), member, signature, *values)

    # -- calls by others -------------------------------------------------------------------------------------

    def _answer(self, call: MethodCall) -> Answer | None:
        match call.member, call.values:
            case "RegisterComponent", (component,):
                self.owner = call.sender
                self._registered = [engine[2] for engine in component[-1]]
                return "", ()
            case "SetGlobalEngine", (str(name),) if not self.refuses or name in self._registered:
                self._use(name)
                return "", ()
            case "GetGlobalEngine", _:
                self._watchers.add(call.sender)
                return ("v", (described(self.engine),)) if self.engine else None
            case "ListActiveEngines", _:
                return "av", ([described(name) for name in self._registered] if self.owner else [],)
        return None

    def _heard(self, signal: Signal) -> None:
        if signal.member == "CommitText" and signal.sender == self.owner:
            self._tasks.start(_while_connected(self._take(text_in(signal.values[0]))), "text")
        elif signal.member == "NameOwnerChanged" and signal.values[0] == self.owner and not signal.values[2]:
            self.owner, self.engine = "", ""

    async def _take(self, text: str) -> None:
        self.committed.append(text)
        await self.taken()
        if self.hears:
            self.text += text
            await self._send_text()

    async def _send_text(self) -> None:
        if self.capabilities & SURROUNDING_TEXT:
            place = (text_value(self.text), len(self.text), len(self.text))
            await self.call("SetSurroundingText", "vuu", *place)
        await self.call("SetCursorLocation", "iiii", len(self.text), 0, 1, 1)

    def _use(self, name: str) -> None:
        self.engine = name
        self.engines.append(name)
        self.bus.emit(IBUS.path, IBUS.interface, "GlobalEngineChanged", "s", name)
        if name in self._registered:
            self._tasks.start(_while_connected(self._greet(name)), "engine")

    async def _greet(self, name: str) -> None:
        factory = BusObject(self.owner, FACTORY.path, FACTORY.interface)
        (self._path,) = await self.bus.call(factory, "CreateEngine", "s", name)
        for member in ("FocusIn", "Enable"):
            await self.call(member)
        await self.call("SetCapabilities", "u", self.capabilities)
        await self.call("SetCursorLocation", "iiii", len(self.text), 0, 1, 1)
        properties = BusObject(self.owner, self._path, _PROPERTIES)
        content = Variant("(uu)", [self.purpose, 0])
        await self.bus.call(properties, "Set", "ssv", ENGINES, "ContentType", content)
        assert await self.bus.call(properties, "Get", "ss", ENGINES, "FocusId") == (True,)
        await self.focusing()
        await self.call("FocusInId", "os", CONTEXT, self.client)
        assert await self.call("ProcessKeyEvent", "uuu", 97, 30, 0) == (False,)
        await self._send_text()


async def _while_connected(calls: Coroutine[None, None, None]) -> None:
    """Talk to an engine, which may leave meanwhile."""
    with suppress(BusError):
        await calls
