"""The focused text field and its cursor, asked through AT-SPI 2. Only places are asked for, never text.

Programs answer only if they take part in accessibility on this desktop. No program is started, and none is asked
for long lists of elements.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.core.area import Area
from app.insertion.accessibility.bus import BUS, Bus, connected
from app.insertion.accessibility.bus_values import Call
from app.insertion.errors import BusRefused
from app.insertion.outcome import Target, TextPlace

_WITHIN_S: Final = 0.5
_MOST: Final = 500
"""Number of elements of a window that are looked at."""
_MOST_CHILDREN: Final = 100
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_DEAD: Final = "/org/a11y/atspi/null"
_SPI: Final = "org.a11y.atspi"
_ACTIVE, _EDITABLE, _FOCUSED, _SHOWING, _MANAGES_DESCENDANTS = (1 << bit for bit in (1, 7, 12, 25, 31))
_IN_WINDOW: Final = 1  # relative to the window: on the screen, GTK 4 and Wayland tell nothing


@dataclass(frozen=True)
class Element:
    """An element of a program: the program's name on the bus, and the element's path."""

    program: str
    path: str


_ROOT: Final = Element("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")


async def find_text(target: Target, environment: Mapping[str, str]) -> TextPlace | None:
    """Return the place of the focused text field of ``target``, or ``None`` if it is not told in time."""
    try:
        async with asyncio.timeout(_WITHIN_S):
            async with connected(session_address(environment)) as session:
                (address,) = await session.call(
                    Call("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress")
                )
            async with connected(address) as bus:
                return await TextFinder(bus).find(target)
    except (BusRefused, OSError, EOFError, TimeoutError):
        return None


def session_address(environment: Mapping[str, str]) -> str:
    """Return the address of the session's bus; empty if there is none."""
    if address := environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    usual = Path(environment.get("XDG_RUNTIME_DIR") or "/nonexistent", "bus")
    return f"unix:path={usual}" if usual.is_socket() else ""


class TextFinder:
    """A search for the focused text on a bus of AT-SPI."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def find(self, target: Target) -> TextPlace | None:
        """Return the place of the focused text in ``target``."""
        programs = [one for one in await self._children(_ROOT) if await self._process(one) == target.process]
        windows = [window for program in programs for window in await self._children(program)]
        found = await self._focused(await self._with_state(windows, _ACTIVE))
        return await self._place(found, target.area) if found and target.area else None

    async def _focused(self, level: list[Element]) -> Element | None:
        """Return the focused element: the first that can be edited, else the innermost."""
        seen, innermost = 0, None
        while level and seen < _MOST:
            level = level[: _MOST - seen]
            seen += len(level)
            states = await asyncio.gather(*map(self._state, level))
            for element, state in zip(level, states, strict=True):
                if state & _FOCUSED:
                    innermost = element
                    if state & _EDITABLE:
                        return element
            open_ones = [one for one, state in zip(level, states, strict=True) if _may_contain(state)]
            below = await asyncio.gather(*map(self._children, open_ones))
            level = [child for children in below for child in children]
        return innermost

    async def _place(self, element: Element, window: Area) -> TextPlace | None:
        """Return the place of a text, or ``None`` if the element is no text."""
        offset = await self._ask(element, _PROPERTIES, "Get", "ss", f"{_SPI}.Text", "CaretOffset")
        count = await self._ask(element, _PROPERTIES, "Get", "ss", f"{_SPI}.Text", "CharacterCount")
        extents = await self._ask(element, f"{_SPI}.Component", "GetExtents", "u", _IN_WINDOW)
        field = _area(extents[0], window) if extents else None
        if offset is None or count is None or field is None:
            return None
        return TextPlace(field, await self._caret(element, int(offset[0]), int(count[0]), window))

    async def _caret(self, element: Element, offset: int, count: int, window: Area) -> Area | None:
        """Return the place of the cursor: before the letter at ``offset``, or behind the last one."""
        behind = offset >= count > 0
        letter = count - 1 if behind else offset
        if not 0 <= letter < count:
            return None
        found = await self._ask(element, f"{_SPI}.Text", "GetCharacterExtents", "iu", letter, _IN_WINDOW)
        area = _area(found, window) if found else None
        return area and Area(area.right if behind else area.x, area.y, 1, area.height)

    async def _with_state(self, elements: Iterable[Element], wanted: int) -> list[Element]:
        elements = list(elements)
        states = await asyncio.gather(*map(self._state, elements))
        return [element for element, state in zip(elements, states, strict=True) if state & wanted]

    async def _state(self, element: Element) -> int:
        found = await self._ask(element, f"{_SPI}.Accessible", "GetState")
        return int(found[0][0]) if found and found[0] else 0

    async def _children(self, element: Element) -> list[Element]:
        """Return the elements directly inside, or none of a very long list."""
        interface = f"{_SPI}.Accessible"
        count = await self._ask(element, _PROPERTIES, "Get", "ss", interface, "ChildCount")
        if not count or not 0 < int(count[0]) <= _MOST_CHILDREN:
            return []
        found = await self._ask(element, interface, "GetChildren")
        return [Element(*child) for child in (found[0] if found else ()) if child[1] != _DEAD]

    async def _process(self, element: Element) -> int:
        bus = Element(BUS, "/org/freedesktop/DBus")
        found = await self._ask(bus, BUS, "GetConnectionUnixProcessID", "s", element.program)
        return int(found[0]) if found else 0

    async def _ask(
        self, element: Element, interface: str, member: str, signature: str = "", *values: Any
    ) -> tuple[Any, ...] | None:
        """Return what a method of an element returns, or ``None`` if the element refuses or is gone."""
        try:
            return await self._bus.call(Call(element.program, element.path, interface, member, signature, values))
        except BusRefused:
            return None


def _may_contain(state: int) -> bool:
    return bool(state & _SHOWING) and not state & _MANAGES_DESCENDANTS


def _area(values: Iterable[int], window: Area) -> Area | None:
    """Return an area of the window on the screen, or ``None`` if nothing of it can be seen."""
    x, y, width, height = values
    area = Area(window.x + x, window.y + y, width, height)
    return area if width > 0 and height > 0 and area.shared(window) else None
