"""Know whether the user is composing a word in an input method. Pure.

Engines tell what they show: the preedit text and the auxiliary text hold what is typed but not yet in the field.
Lists of candidates alone hold nothing of the user's: some engines show suggestions all the time.
"""

from typing import Any, Final

from app.insertion.ibus.values import is_plain_layout, text_in

SHOWN: Final = {"UpdatePreeditText": "preedit", "UpdateAuxiliaryText": "auxiliary"}
HIDDEN: Final = {"HidePreeditText": "preedit", "HideAuxiliaryText": "auxiliary"}
_VISIBLE: Final = {"UpdatePreeditText": 2, "UpdateAuxiliaryText": 1}


class Compositions:
    """The unfinished compositions of all engines. Only whether there is one is kept, never its text.

    Nothing is known about a composition that began earlier, until the focus has moved or an engine has told.
    """

    def __init__(self) -> None:
        self._known = False
        self._open: dict[str, set[str]] = {}

    def told(self, engine: str, member: str, values: tuple[Any, ...]) -> None:
        """Note what the engine with this object path shows."""
        self._known = True
        if member in HIDDEN:
            self._open.get(engine, set()).discard(HIDDEN[member])
        elif member in SHOWN:
            visible = len(values) > _VISIBLE[member] and values[_VISIBLE[member]]
            shown = self._open.setdefault(engine, set())
            (shown.add if visible and text_in(values[0]) else shown.discard)(SHOWN[member])

    def ended(self) -> None:
        """Note that the field lost the focus, or the engine was changed: unfinished compositions have ended."""
        self._known = True
        self._open.clear()

    def may_be_open(self, engine: str) -> bool:
        """Return whether a composition is unfinished, or may be, with this global engine."""
        return any(self._open.values()) or not (self._known or is_plain_layout(engine))
