"""The place of the focused text field and its cursor, asked through AT-SPI 2. No text is asked for."""

from collections.abc import Iterable, Mapping
from typing import Final

from app.core.area import Area
from app.insertion.accessibility.elements import Element, Elements, ask_in_time
from app.insertion.outcome import Target, TextPlace

_TRIES_S: Final = (0.5, 1.0, 2.0)
"""Time for each try: a busy computer gets more, because nothing waits for the place."""
_PAUSE: Final = 0.5
"""Pause, as part of a try where nothing had the focus: X11 takes it away while a hotkey is down."""
_IN_WINDOW: Final = 1  # relative to the window: on the screen, GTK 4 and Wayland report none


async def find_text(target: Target, environment: Mapping[str, str]) -> TextPlace | None:
    """Return the place of the focused text field of ``target``, or ``None`` without an answer in time."""
    if (window := target.area) is None:
        return None

    async def place(elements: Elements) -> TextPlace | None:
        programs = await elements.programs()
        windows = await elements.active(one for one, its in programs.items() if its == target.process)
        focused = await elements.focused(windows)
        return await _place(elements, focused, window) if focused else None

    return await ask_in_time(environment, _TRIES_S, place, lambda _, found: found is not None, _PAUSE)


async def _place(elements: Elements, element: Element, window: Area) -> TextPlace | None:
    """Return the place of a text, or ``None`` if the element is no text."""
    offset = await elements.get(element, "Text", "CaretOffset")
    count = await elements.get(element, "Text", "CharacterCount")
    extents = await elements.ask(element, "Component", "GetExtents", "u", _IN_WINDOW)
    field = _area(extents[0], window) if extents else None
    if not isinstance(offset, int) or not isinstance(count, int) or field is None:
        return None
    return TextPlace(field, await _caret(elements, element, (offset, count), window))


async def _caret(elements: Elements, element: Element, place: tuple[int, int], window: Area) -> Area | None:
    """Return the place of the cursor: before the letter at its offset, or behind the last one."""
    offset, count = place
    behind = offset >= count > 0
    letter = count - 1 if behind else offset
    if not 0 <= letter < count:
        return None
    found = await elements.ask(element, "Text", "GetCharacterExtents", "iu", letter, _IN_WINDOW)
    area = _area(found, window) if found else None
    return area and Area(area.right if behind else area.x, area.y, 1, area.height)


def _area(values: Iterable[int], window: Area) -> Area | None:
    """Return an area of the window on the screen, or ``None`` if nothing of it can be seen."""
    x, y, width, height = values
    area = Area(window.x + x, window.y + y, width, height)
    return area if width > 0 and height > 0 and area.shared(window) else None
