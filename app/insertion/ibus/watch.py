"""Events on the bus of IBus: the global engine, unfinished compositions, moves of the focus.

The daemon shows calls and signals to every client that asks for them. Keys are not asked for. Of the text that an
engine shows, only whether it is empty is kept.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Self

from app.bus.connection import BUS_PROGRAM, BusConnection, BusObject, MethodCall, Signal, session_address
from app.bus.errors import BusError, BusRefused
from app.insertion.ibus.values import CONTEXTS, ENGINE, ENGINES, IBUS, engine_name, is_plain_layout, text_in
from app.insertion.outcome import first_number
from runtime.tasks import close_on_error, holds_within, loop_time, within

_GONE_S: Final = 2.0
_ENGINE_S: Final = 4.0  # an engine's program may have to start
_SETTLED_S: Final = 0.1


class IBusWatch:
    """A connection to IBus. ``moves``: how often a text field got or lost the focus.

    ``field``: the number that the focused field got when it got the focus, in no other process the same; 0 if
    there is none or it is unknown.
    """

    def __init__(self, bus: BusConnection) -> None:
        self.moves = self.field = 0
        self._first = first_number()
        self._bus = bus
        self._context = ""
        self._compositions = Compositions()
        self._news = asyncio.Event()
        self._moved_s = float("-inf")

    @classmethod
    async def open(cls, address: str) -> Self:
        """Connect to the IBus at this address. Raises ``BusError``."""
        bus = await BusConnection.open(address)
        watch = cls(bus)
        async with close_on_error(bus.close):
            await bus.listen(_signals(IBUS.interface, "GlobalEngineChanged"), watch._handle_signal)
            for member in (*SHOWN, *HIDDEN):
                await bus.call(BUS_PROGRAM, "AddMatch", "s", _signals(ENGINES, member))
            await bus.observe_calls(_calls("FocusIn"), watch._observe_call)
            await bus.call(BUS_PROGRAM, "AddMatch", "s", _calls("FocusOut"))
        return watch

    @property
    def gone(self) -> asyncio.Event:
        """Set once the connection has ended, for example because IBus was started again."""
        return self._bus.gone

    async def close(self) -> None:
        """End the connection. Safe to call twice."""
        await self._bus.close()

    async def engine(self) -> str:
        """Return the name of the global engine; empty if IBus has none. All earlier events have then arrived."""
        try:
            (found,) = await self._bus.call(IBUS, "GetGlobalEngine")
        except BusRefused:
            return ""
        return engine_name(found)

    async def use(self, engine: str) -> bool:
        """Make this the global engine; return whether it is. Raises ``BusMissing`` or ``BusSilent``."""
        try:
            await self._bus.call(IBUS, "SetGlobalEngine", "s", engine, deadline_s=_ENGINE_S)
        except BusRefused:
            return False
        return True

    async def until_own_engine_gone(self) -> None:
        """Wait until IBus has noticed that our engine is gone, and has dropped the global engine."""
        async with within(_GONE_S):
            while await self._has_own_engine():  # each answer takes a moment, and IBus sends no signal for it
                pass

    async def _has_own_engine(self) -> bool:
        (engines,) = await self._bus.call(IBUS, "ListActiveEngines")
        return ENGINE in map(engine_name, engines)

    async def until_composed(self, deadline_s: float) -> bool:
        """Wait until all compositions are finished; return whether they are."""
        engine = await self.engine()
        return await holds_within(lambda: not self._compositions.may_be_open(engine), self._news, deadline_s)

    async def until_settled(self) -> None:
        """Wait until the focus has not moved for a moment: other interfaces report moves later than IBus does."""
        await asyncio.sleep(max(0.0, self._moved_s + _SETTLED_S - loop_time()))

    def _handle_signal(self, signal: Signal) -> None:
        if signal.interface == ENGINES and signal.member in SHOWN | HIDDEN:
            self._compositions.record(signal.path, signal.member, signal.values)
        elif signal.interface == IBUS.interface and signal.member == "GlobalEngineChanged":
            self._compositions.end_all()
        else:
            return
        self._news.set()

    def _observe_call(self, call: MethodCall) -> None:
        if call.interface != CONTEXTS:
            return
        self.moves += 1
        self._moved_s = loop_time()
        if call.member == "FocusIn":
            self._context, self.field = call.path, self._first + self.moves
            return
        if call.path == self._context:
            self.field = 0
        self._compositions.end_all()
        self._news.set()


def _signals(interface: str, member: str) -> str:
    return f"type='signal',interface='{interface}',member='{member}'"


def _calls(member: str) -> str:
    return f"type='method_call',interface='{CONTEXTS}',member='{member}'"


SHOWN: Final = {"UpdatePreeditText": "preedit", "UpdateAuxiliaryText": "auxiliary"}
HIDDEN: Final = {"HidePreeditText": "preedit", "HideAuxiliaryText": "auxiliary"}
_VISIBLE: Final = {"UpdatePreeditText": 2, "UpdateAuxiliaryText": 1}


class Compositions:
    """The unfinished compositions of all engines. Only whether there is one is kept, never its text.

    A composition that began earlier is unknown until the focus has moved or an engine has reported one.
    """

    def __init__(self) -> None:
        self._known = False
        self._open: dict[str, set[str]] = {}

    def record(self, engine: str, member: str, values: tuple[Any, ...]) -> None:
        """Note what the engine with this object path shows."""
        self._known = True
        if member in HIDDEN:
            self._open.get(engine, set()).discard(HIDDEN[member])
        elif member in SHOWN:
            visible = len(values) > _VISIBLE[member] and values[_VISIBLE[member]]
            shown = self._open.setdefault(engine, set())
            (shown.add if visible and text_in(values[0]) else shown.discard)(SHOWN[member])

    def end_all(self) -> None:
        """Note that the field lost the focus, or the engine was changed: unfinished compositions have ended."""
        self._known = True
        self._open.clear()

    def may_be_open(self, engine: str) -> bool:
        """Return whether a composition is unfinished, or may be, with this global engine."""
        return any(self._open.values()) or not (self._known or is_plain_layout(engine))


MONITOR: Final = BusObject(
    "org.gnome.Mutter.IdleMonitor", "/org/gnome/Mutter/IdleMonitor/Core", "org.gnome.Mutter.IdleMonitor"
)
PAUSE_S: Final = 0.1
_PATIENCE_S: Final = 1.0


class UserInput:
    """A connection to GNOME's monitor of idle time of keyboard and pointer."""

    def __init__(self, bus: BusConnection) -> None:
        self._bus = bus

    @classmethod
    async def open(cls, environment: Mapping[str, str]) -> Self:
        """Connect to the session's bus. Raises ``BusError`` if there is none, or it has no such monitor."""
        found = cls(await BusConnection.open(session_address(environment)))
        async with close_on_error(found.close):
            await found._idle_s()
        return found

    async def until_paused(self) -> None:
        """Wait until there was no input for ``PAUSE_S``, but at most a second: a text must not wait longer."""
        async with within(_PATIENCE_S, BusError):
            idle_s = await self._idle_s()
            while idle_s < PAUSE_S:
                await asyncio.sleep(PAUSE_S - idle_s)
                idle_s = await self._idle_s()

    async def close(self) -> None:
        """End the connection. Safe to call twice."""
        await self._bus.close()

    async def _idle_s(self) -> float:
        (milliseconds,) = await self._bus.call(MONITOR, "GetIdletime")
        return float(milliseconds) / 1000
