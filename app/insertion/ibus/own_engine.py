"""Our engine: registered with IBus for one text, on a connection of its own.

IBus asks the factory for the engine once it is selected, and then reports the focus to the engine. Only
``FocusInId`` names the client: before it, IBus has not yet read that the engine wants the name.
Closing the connection takes the engine out of IBus.
"""

import asyncio
from typing import Any, Final, Self

from app.bus.connection import Answer, BusConnection, MethodCall, Variant
from app.insertion.ibus.values import (
    ENGINE,
    ENGINES,
    FACTORY,
    IBUS,
    SURROUNDING_TEXT,
    XIM,
    component_value,
    text_in,
    text_value,
)
from runtime.tasks import close_on_error, holds_within, is_set_within, within

_PATH: Final = "/org/freedesktop/IBus/Engine/Kikipounamu"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_WANTED: Final = {"FocusId": Variant("b", True), "ActiveSurroundingText": Variant("b", True)}
_FIRST_TEXT_S: Final = 0.1
_COMPARED: Final = 20
_QUIET_S: Final = 0.05
_LONGEST_NOISE_S: Final = 1.0


class OwnEngine:
    """The engine. ``client``: the name of the focused client, empty before the focus. ``left``: it lost the focus.

    ``purpose``: of the focused field, as GTK numbers them; ``None`` while unknown.
    """

    def __init__(self, bus: BusConnection) -> None:
        self.client, self.left = "", False
        self.purpose: int | None = None
        self._bus = bus
        self._news = asyncio.Event()
        self._capabilities = 0
        self._cursor: tuple[Any, ...] = ()
        self._around: tuple[str, int] | None = None
        self._committed = ""
        self._arrived = False
        bus.serve(self._answer)

    @classmethod
    async def open(cls, address: str) -> Self:
        """Register the engine with the IBus at this address. Raises ``BusError``."""
        bus = await BusConnection.open(address)
        async with close_on_error(bus.close):
            engine = cls(bus)
            await bus.call(IBUS, "RegisterComponent", "v", component_value())
        return engine

    async def close(self) -> None:
        """Take the engine out of IBus, which then has no engine at all. Safe to call twice."""
        await self._bus.close()

    async def until_focused(self, deadline_s: float) -> bool:
        """Wait until IBus has reported the focused client and its purpose; return whether it has."""
        return await holds_within(lambda: bool(self.client) and self.purpose is not None, self._news, deadline_s)

    async def until_text_known(self) -> None:
        """Wait a moment for the first report of the text around the cursor: later changes prove the arrival."""
        if self._capabilities & SURROUNDING_TEXT:
            await holds_within(lambda: self._around is not None, self._news, _FIRST_TEXT_S)

    def commit(self, text: str) -> None:
        """Send ``text`` to the focused client."""
        self._committed, self._arrived = text, False
        self._bus.emit(_PATH, ENGINES, "CommitText", "v", text_value(text))

    async def until_arrived(self, deadline_s: float) -> bool:
        """Wait until the client reports that its cursor moved, or that the committed text is before the cursor."""
        return await holds_within(lambda: self._arrived or self.left, self._news, deadline_s) and self._arrived

    async def until_quiet(self) -> None:
        """Wait until the client has reported nothing for a moment, but only for a while: its cursor may run."""
        if self.client == XIM:
            return
        async with within(_LONGEST_NOISE_S):
            while await is_set_within(self._news, _QUIET_S):
                self._news.clear()

    # -- calls of IBus -------------------------------------------------------------------------------------

    def _answer(self, call: MethodCall) -> Answer | None:
        if call.path == FACTORY.path:
            return ("o", (_PATH,)) if call.member == "CreateEngine" and call.values == (ENGINE,) else None
        if call.path != _PATH:
            return None
        if call.interface == _PROPERTIES:
            return self._property(call)
        if call.member == "ProcessKeyEvent":
            return "b", (False,)  # the user's keys reach the client as they are
        self._record(call.member, call.values)
        self._news.set()
        return "", ()

    def _property(self, call: MethodCall) -> Answer | None:
        match call.member, call.values:
            case "GetAll", _:
                return "a{sv}", (_WANTED,)
            case "Get", (_, name) if name in _WANTED:
                return "v", (_WANTED[name],)
            case "Set", (_, "ContentType", (int(purpose), _)):
                self.purpose = purpose
                self._news.set()
                return "", ()
        return None

    def _record(self, member: str, values: tuple[Any, ...]) -> None:
        match member, values:
            case "FocusInId", (_, str(client)):
                self.client = client
            case (("FocusOut" | "FocusOutId" | "Disable"), _):
                self.left = bool(self.client)
            case "SetCapabilities", (int(capabilities),):
                self._capabilities = capabilities
            case "SetCursorLocation", place:
                self._cursor_moved(place)
            case "SetSurroundingText", (text, int(cursor), *_):
                self._compare_text(text_in(text)[:cursor], cursor)

    def _cursor_moved(self, place: tuple[Any, ...]) -> None:
        if self._committed and self._cursor and place != self._cursor:
            self._arrived = True
        self._cursor = place

    def _compare_text(self, before: str, cursor: int) -> None:
        """Note the arrival if the text before the cursor has changed and ends with the committed text.

        An unchanged text is a late report and proves nothing. GNOME Shell may send no report before the commit;
        then the first one is compared only by its end.
        """
        changed = self._around != (before, cursor)
        if self._committed and changed and _bare(before).endswith(_bare(self._committed)[-_COMPARED:]):
            self._arrived = True
        self._around = (before, cursor)


def _bare(text: str) -> str:
    """Return a text without spaces and line breaks, which fields of one line change."""
    return "".join(text.split())
