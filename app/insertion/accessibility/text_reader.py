"""The focused element and the text before its caret, asked through AT-SPI 2 directly before an insertion.

The text is passed on to the insertion that it is for, and nowhere else. A password field is not asked for it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from app.insertion.accessibility.elements import EDITABLE, Element, Elements, ask_in_time
from app.insertion.outcome import FocusKind, Target, TextSurroundings

_TRIES_S: Final = (0.5, 2.0)
"""Time for each try: on a busy computer the text must not get into a password field that answers late."""
_AROUND: Final = 100
"""Number of characters before the caret that are asked for."""
PASSWORD_TEXT, TERMINAL = 40, 60
"""Roles of elements, as numbers."""
_NO_FIELDS: Final = frozenset({7, 8, 26, 32, 33, 34, 35, 37, 38, 43, 44, 45, 48, 51, 62, 129, 130})
"""Roles that take no text.

Check boxes and their menu entries, icons, list items, menus, menu bars and entries, tabs and their lists, buttons,
radio buttons and their menu entries, scroll bars, sliders, toggle buttons, buttons with menus, and switches.
"""
_CERTAIN_TOOLKITS: Final = frozenset({"gtk", "qt"})
"""Toolkits whose roles say what takes text. Web pages may take keys wherever they like."""


async def read_around(
    target: Target, environment: Mapping[str, str], tries_s: Sequence[float] = _TRIES_S
) -> TextSurroundings | None:
    """Return what surrounds the caret in ``target``, or ``None`` without an answer in time."""

    async def surroundings(elements: Elements) -> TextSurroundings | None:
        programs = await elements.programs()
        windows = await elements.active(one for one, its in programs.items() if target.process in (0, its))
        focused = await elements.focused(windows) if len(windows) == 1 else None
        return await _around(elements, focused) if focused else None

    return await ask_in_time(environment, tries_s, surroundings, lambda elements, _: not elements.incomplete)


async def _around(elements: Elements, focused: Element) -> TextSurroundings | None:
    role, state, toolkit = await asyncio.gather(
        elements.role(focused), elements.state(focused), elements.toolkit(focused)
    )
    kind = kind_of(role, toolkit, editable=bool(state & EDITABLE))
    if kind is FocusKind.FIELD and role != TERMINAL:
        return TextSurroundings(kind, await _before(elements, focused))
    return None if kind is None else TextSurroundings(kind)


def kind_of(role: int, toolkit: str, *, editable: bool) -> FocusKind | None:
    """Return what an element with this role is, or ``None`` if that is uncertain. Pure."""
    if role == PASSWORD_TEXT:
        return FocusKind.PASSWORD
    if editable or role == TERMINAL:
        return FocusKind.FIELD
    certain = role in _NO_FIELDS and toolkit.lower() in _CERTAIN_TOOLKITS
    return FocusKind.NO_FIELD if certain else None


async def _before(elements: Elements, field: Element) -> str | None:
    """Return the text before the caret, or before the selected text, which the insertion replaces."""
    caret = await elements.get(field, "Text", "CaretOffset")
    if not isinstance(caret, int) or caret < 0:
        return None
    selected = await elements.ask(field, "Text", "GetSelection", "i", 0)
    start, end = selected or (caret, caret)
    place = start if 0 <= start < end and start <= caret <= end else caret
    if place == 0:
        return ""
    answer = await elements.ask(field, "Text", "GetText", "ii", max(0, place - _AROUND), place)
    return str(answer[0]) if answer and answer[0] else None
