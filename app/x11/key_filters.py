"""Slow Keys and Bounce Keys of an X server, which drop keys that are pressed briefly or again at once.

Requests of the X Keyboard Extension (XKEYBOARD, section 10) that python-xlib lacks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from Xlib.protocol import rq

from app.x11.extensions import CORE_KEYBOARD, keyboard_extension

_SLOW_KEYS: Final = 1 << 1
_BOUNCE_KEYS: Final = 1 << 2


class _GetControls(rq.ReplyRequest):  # type: ignore[misc] # python-xlib has no types
    _request = rq.Struct(rq.Card8("opcode"), rq.Opcode(6), rq.RequestLength(), rq.Card16("keyboard"), rq.Pad(2))
    _reply = rq.Struct(
        rq.ReplyCode(),
        rq.Card8("keyboard"),
        rq.Card16("sequence_number"),
        rq.ReplyLength(),
        rq.Pad(48),
        rq.Card32("enabled"),
        rq.Pad(32),
    )


class _SetControls(rq.Request):  # type: ignore[misc] # python-xlib has no types
    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(7),
        rq.RequestLength(),
        rq.Card16("keyboard"),
        rq.Pad(18),
        rq.Card32("affected"),
        rq.Card32("enabled"),
        rq.Pad(68),
    )


class KeyFilters:
    """The filters of the keyboard. A server without the extension has none."""

    def __init__(self, display: Any) -> None:
        extension = keyboard_extension(display)
        self._common = {"display": display.display, "opcode": extension.major_opcode} if extension else None

    @contextmanager
    def off(self) -> Iterator[None]:
        """Switch the filters off while the context lasts.

        The caller must hold a grab of the server, so that no key press of the user arrives unfiltered.
        """
        found = self.enabled
        if found:
            self._enable(found, 0)
        try:
            yield
        finally:
            if found:
                self._enable(found, found)

    @property
    def enabled(self) -> int:
        """The filters that are on, as bits of the extension."""
        if self._common is None:
            return 0
        return int(_GetControls(**self._common, keyboard=CORE_KEYBOARD).enabled) & (_SLOW_KEYS | _BOUNCE_KEYS)

    def _enable(self, affected: int, enabled: int) -> None:
        assert self._common is not None
        _SetControls(**self._common, keyboard=CORE_KEYBOARD, affected=affected, enabled=enabled)
