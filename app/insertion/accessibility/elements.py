"""The elements of programs on the accessibility bus (AT-SPI 2).

Programs answer only if they take part in accessibility on this desktop. No program is started, or asked for long
lists of elements. A program that does not answer is skipped for a while.
Source: at-spi2-core, "atspi-constants.h" and the interfaces in "xml/".
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from app.bus.connection import BUS_PROGRAM, BusConnection, BusObject, session_address
from app.bus.errors import BusError, BusRefused, BusSilent
from runtime.tasks import loop_time

ACTIVE, EDITABLE, FOCUSED, SHOWING, MANAGES_DESCENDANTS = (1 << bit for bit in (1, 7, 12, 25, 31))
"""States of elements, as bits."""
_MOST: Final = 500
"""Number of elements of a window that are examined."""
_MOST_CHILDREN: Final = 100
SILENT_S: Final = 0.3
_LEFT_OUT_S: Final = 2.0
"""A program that did not answer is not asked again for this long, so that it delays only one answer."""
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_DEAD: Final = "/org/a11y/atspi/null"
_SPI: Final = "org.a11y.atspi"
_RETURNS: Final = {
    "Get": "v",
    "GetCharacterExtents": "iiii",
    "GetChildren": "a(so)",
    "GetExtents": "(iiii)",
    "GetRole": "u",
    "GetSelection": "ii",
    "GetState": "au",
    "GetText": "s",
}
"""Signatures of the results that programs return. Other results are ignored."""
_LAUNCHER: Final = BusObject("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus")
_OF_TRY: Final = 0.6
"""Share of a try's time that one answer may take."""
_BUSY_S: Final = 0.05
"""Connecting to the bus takes 2 ms. If it takes longer than this, the computer is busy."""
_BUSY_TRY_S: Final = 6.0

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Element:
    """An element of a program: the program's name on the bus, and the element's path."""

    program: str
    path: str


_ROOT_PATH: Final = "/org/a11y/atspi/accessible/root"
_ROOT: Final = Element("org.a11y.atspi.Registry", _ROOT_PATH)


@asynccontextmanager
async def open_elements(environment: Mapping[str, str], silent_s: float = SILENT_S) -> AsyncIterator["Elements"]:
    """Connect to the accessibility bus until the context ends. Raises ``BusError``.

    ``silent_s``: the time for each answer of a program.
    """
    async with await BusConnection.open(session_address(environment)) as session:
        if not await _runs(session, _LAUNCHER.program):
            raise BusRefused(_LAUNCHER.program, "no program of this session has started it")
        (address,) = await session.call(_LAUNCHER, "GetAddress", deadline_s=silent_s)
    async with await BusConnection.open(address) as bus:
        yield Elements(bus, silent_s)


async def ask_in_time(
    environment: Mapping[str, str],
    tries_s: Sequence[float],
    ask: Callable[["Elements"], Awaitable[Answer | None]],
    is_enough: Callable[["Elements", Answer | None], bool],
    pause: float = 0.0,
) -> Answer | None:
    """Call ``ask`` until an answer ``is_enough`` or all tries are used; return the last answer.

    ``tries_s``: the time limit of each try; a busy computer gets one more, longer try. ``pause``: the pause after
    a try, as a share of its time.
    """
    all_tries_s, answer = list(tries_s), None
    for within_s in all_tries_s:
        began, is_busy = loop_time(), True
        try:
            async with asyncio.timeout(within_s), open_elements(environment, _OF_TRY * within_s) as elements:
                is_busy = loop_time() - began > _BUSY_S
                answer = await ask(elements)
            if is_enough(elements, answer):
                break
            await asyncio.sleep(pause * within_s)
        except (BusSilent, TimeoutError):
            pass
        except BusError:
            break
        if is_busy and len(all_tries_s) == len(tries_s):
            all_tries_s.append(_BUSY_TRY_S)
    return answer


class Elements:
    """The elements of all programs that take part in accessibility."""

    def __init__(self, bus: BusConnection, silent_s: float = SILENT_S) -> None:
        self._bus, self._silent_s = bus, silent_s
        self._silent: dict[str, float] = {}  # when programs that did not answer are asked again

    @property
    def gone(self) -> bool:
        """True if the connection has ended."""
        return self._bus.gone.is_set()

    @property
    def incomplete(self) -> bool:
        """True if a program has not answered in time."""
        return bool(self._silent)

    async def programs(self) -> dict[Element, int]:
        """Return the programs that take part, and their processes."""
        if not await _runs(self._bus, _ROOT.program):
            return {}
        found = await self.children(_ROOT)
        processes = await asyncio.gather(*map(self.process, found))
        return dict(zip(found, processes, strict=True))

    async def active(self, programs: Iterable[Element]) -> list[Element]:
        """Return the active windows of these programs."""
        windows = [one for each in await asyncio.gather(*map(self.children, programs)) for one in each]
        states = await asyncio.gather(*map(self.state, windows))
        return [window for window, state in zip(windows, states, strict=True) if state & ACTIVE]

    async def focused_element(self, windows: list[Element]) -> Element | None:
        """Return the focused element in these windows: the first that can be edited, else the innermost."""
        level, seen, innermost = windows, 0, None
        while level and seen < _MOST:
            level = level[: _MOST - seen]
            seen += len(level)
            states = await asyncio.gather(*map(self.state, level))
            for element, state in zip(level, states, strict=True):
                if state & FOCUSED:
                    innermost = element
                    if state & EDITABLE:
                        return element
            open_ones = [one for one, state in zip(level, states, strict=True) if _may_contain(state)]
            below = await asyncio.gather(*map(self.children, open_ones))
            level = [child for children in below for child in children]
        return innermost

    async def state(self, element: Element) -> int:
        """Return the states of an element as bits; 0 if it is gone."""
        found = await self.ask(element, "Accessible", "GetState")
        return int(found[0][0]) if found and found[0] else 0

    async def role(self, element: Element) -> int:
        """Return the number of an element's role; 0 if it is gone."""
        found = await self.ask(element, "Accessible", "GetRole")
        return int(found[0]) if found else 0

    async def toolkit(self, element: Element) -> str:
        """Return the toolkit of an element's program, such as ``GTK``; empty if it is unknown."""
        name = await self.get(Element(element.program, _ROOT_PATH), "Application", "ToolkitName")
        return name if isinstance(name, str) else ""

    async def program_name(self, element: Element) -> str:
        """Return the name of an element's program; empty if it is unknown."""
        name = await self.get(Element(element.program, _ROOT_PATH), "Accessible", "Name")
        return name if isinstance(name, str) else ""

    async def children(self, element: Element) -> list[Element]:
        """Return the elements directly inside, or none of a very long list."""
        count = await self.get(element, "Accessible", "ChildCount")
        if not isinstance(count, int) or not 0 < count <= _MOST_CHILDREN:
            return []
        found = await self.ask(element, "Accessible", "GetChildren")
        return [Element(*child) for child in (found[0] if found else ()) if child[1] != _DEAD]

    async def process(self, element: Element) -> int:
        """Return the process of an element's program, 0 if it is unknown."""
        try:
            found = await self._bus.call(BUS_PROGRAM, "GetConnectionUnixProcessID", "s", element.program)
        except BusError:
            return 0
        return int(found[0])

    async def get(self, element: Element, interface: str, name: str) -> Any:
        """Return a property of an element, or ``None`` if the element refuses or is gone."""
        found = await self._call(element, _PROPERTIES, "Get", "ss", f"{_SPI}.{interface}", name)
        return found[0] if found else None

    async def ask(
        self, element: Element, interface: str, member: str, signature: str = "", *values: Any
    ) -> tuple[Any, ...] | None:
        """Call a method of an element; return its results, or ``None`` if the element refuses or is gone."""
        return await self._call(element, f"{_SPI}.{interface}", member, signature, *values)

    async def _call(self, element: Element, interface: str, member: str, *rest: Any) -> tuple[Any, ...] | None:
        target, now = BusObject(element.program, element.path, interface), loop_time()
        if now < self._silent.get(element.program, 0.0):
            return None
        try:
            returns = _RETURNS[member]
            return await self._bus.call(target, member, *rest, deadline_s=self._silent_s, returns=returns)
        except BusSilent:
            self._silent[element.program] = now + _LEFT_OUT_S
        except BusError:
            pass
        return None


async def _runs(bus: BusConnection, name: str) -> bool:
    """Return whether a program has this name, without starting one. Raises ``BusError``."""
    (runs,) = await bus.call(BUS_PROGRAM, "NameHasOwner", "s", name)
    return bool(runs)


def _may_contain(state: int) -> bool:
    return bool(state & SHOWING) and not state & MANAGES_DESCENDANTS
