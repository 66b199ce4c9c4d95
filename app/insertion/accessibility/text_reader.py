"""Text around the caret of the focused element, and the place of this text, read through AT-SPI 2.

The text around the caret is passed only to the insertion that needs it. A password field is never asked for its
text.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from app.core.area import Area
from app.insertion.accessibility.elements import EDITABLE, Element, Elements, ask_in_time
from app.insertion.outcome import FocusKind, Target, TextPlace, TextSurroundings

_TRIES_S: Final = (0.5, 2.0)
"""Time limit of each try. The second is long: on a busy computer, a password field may answer late."""
_AROUND: Final = 100
"""Number of characters before the caret that are asked for."""
PASSWORD_TEXT, TERMINAL, TEXT, ENTRY = 40, 60, 61, 79
"""Roles of elements, as numbers."""
_NO_FIELDS: Final = frozenset({7, 8, 26, 32, 33, 34, 35, 37, 38, 43, 44, 45, 48, 51, 62, 129, 130})
"""Roles that take no text.

Check boxes and their menu entries, icons, list items, menus, menu bars and entries, tabs and their lists, buttons,
radio buttons and their menu entries, scroll bars, sliders, toggle buttons, buttons with menus, and switches.
"""
_GTK: Final = "gtk"
_CERTAIN_TOOLKITS: Final = frozenset({_GTK, "qt"})
"""Toolkits whose roles say what takes text. Web pages may take keys wherever they like."""
_DROPS_TEXT: Final = frozenset({_GTK, "gecko"})
"""Toolkits that read the clipboard for a read-only text, and drop what they read. Gecko is Firefox's."""
_OWN_FOCUS: Final = ("libreoffice", "soffice")
"""Name prefixes of programs whose document gets the keys while GTK reports a toolbar button as focused."""


async def read_around(
    target: Target, environment: Mapping[str, str], tries_s: Sequence[float] = _TRIES_S
) -> TextSurroundings | None:
    """Return what surrounds the caret in ``target``, or ``None`` without an answer in time."""

    async def surroundings(elements: Elements) -> TextSurroundings | None:
        programs = await elements.programs()
        windows = await elements.active(one for one, its in programs.items() if target.process in (0, its))
        focused = await elements.focused_element(windows) if len(windows) == 1 else None
        found = await _read_surroundings(elements, focused) if focused else None
        return None if found and found.kind is FocusKind.NO_FIELD and has_own_focus(target.program) else found

    return await ask_in_time(environment, tries_s, surroundings, lambda elements, _: not elements.incomplete)


async def _read_surroundings(elements: Elements, focused: Element) -> TextSurroundings | None:
    role, state, toolkit = await asyncio.gather(
        elements.role(focused), elements.state(focused), elements.toolkit(focused)
    )
    kind = kind_of(role, toolkit, editable=bool(state & EDITABLE))
    if kind is FocusKind.FIELD and role != TERMINAL:
        return TextSurroundings(kind, *await _around(elements, focused))
    return None if kind is None else TextSurroundings(kind)


def kind_of(role: int, toolkit: str, *, editable: bool) -> FocusKind | None:
    """Return the kind of an element with this role, or ``None`` if it is uncertain. Pure."""
    if role == PASSWORD_TEXT:
        return FocusKind.PASSWORD
    if editable or role == TERMINAL:
        return FocusKind.FIELD
    fixed = role in (TEXT, ENTRY) and toolkit.lower() in _DROPS_TEXT
    certain = role in _NO_FIELDS and toolkit.lower() in _CERTAIN_TOOLKITS
    return FocusKind.NO_FIELD if fixed or certain else None


def has_own_focus(program: str) -> bool:
    """Return whether this program may send keys past the element that its toolkit calls focused. Pure."""
    return program.lower().startswith(_OWN_FOCUS)


async def _around(elements: Elements, field: Element) -> tuple[str | None, str]:
    """Return the text before the caret and the character after it. A selection is neither: it will be replaced."""
    caret = await elements.get(field, "Text", "CaretOffset")
    if not isinstance(caret, int) or caret < 0:
        return None, ""
    selected = await elements.ask(field, "Text", "GetSelection", "i", 0)
    start, end = selected or (caret, caret)
    if not (0 <= start < end and start <= caret <= end):
        start = end = caret
    before, after = await asyncio.gather(
        _text(elements, field, max(0, start - _AROUND), start), _text(elements, field, end, end + 1)
    )
    return before if before or start else "", (after or "")[:1]


async def _text(elements: Elements, field: Element, start: int, end: int) -> str | None:
    """Return a part of a text, or ``None`` if it is empty or refused."""
    answer = await elements.ask(field, "Text", "GetText", "ii", start, end) if start < end else None
    return str(answer[0]) if answer and answer[0] else None


_PLACE_TRIES_S: Final = (0.5, 1.0, 2.0)
"""Time limit of each try: later ones are longer, because nothing waits for the place."""
_PAUSE: Final = 0.5
"""Pause after a try, as a share of its time: X11 takes the focus away while a hotkey is down."""
_IN_WINDOW: Final = 1  # window coordinates: GTK 4 and Wayland report no screen coordinates


async def find_text(target: Target, environment: Mapping[str, str]) -> TextPlace | None:
    """Return the place of the focused text field of ``target``, or ``None`` without an answer in time."""
    if (window := target.area) is None:
        return None

    async def place(elements: Elements) -> TextPlace | None:
        programs = await elements.programs()
        windows = await elements.active(one for one, its in programs.items() if its == target.process)
        focused = await elements.focused_element(windows)
        return await _place(elements, focused, window) if focused else None

    def is_enough(elements: Elements, found: TextPlace | None) -> bool:
        return found is not None and (found.caret is not None or not elements.incomplete)

    return await ask_in_time(environment, _PLACE_TRIES_S, place, is_enough, _PAUSE)


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
    """Convert an area from window to screen coordinates; return ``None`` if no part of it is in the window."""
    x, y, width, height = values
    area = Area(window.x + x, window.y + y, width, height)
    return area if width > 0 and height > 0 and area.shared_pixels(window) else None
