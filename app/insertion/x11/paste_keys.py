"""Notice that the user presses a paste key while a text is still on the clipboard.

Keys are requested as raw events of X Input Extension 2 only during that time, at most a few seconds, and no key is
stored.
"""

from collections.abc import Callable
from typing import Any

from Xlib import XK, X
from Xlib.ext import ge, xinput

from app.x11.connection import X11Connection
from app.x11.extensions import raw_input


class UsersPasteKeys:
    """The user's paste keys, for the thread of ``connection``: any key with Ctrl, and Insert with Shift.

    ``pressed`` is called for each. A server with an older X Input Extension reports none.
    """

    def __init__(self, connection: X11Connection, pressed: Callable[[], None]) -> None:
        self._connection = connection
        self._pressed = pressed
        self._watching = False
        self._controls, self._shifts, self._down = set[int](), set[int](), set[int]()
        self._extension = raw_input(connection.display, xinput.RawKeyPress, xinput.RawKeyRelease)
        if self._extension is not None:
            connection.handlers.append(self._handle)

    def watch(self, *, on: bool) -> None:
        """Start or stop watching the keys."""
        if on is self._watching or self._extension is None:
            return
        self._watching = on
        mask = xinput.RawKeyPressMask | xinput.RawKeyReleaseMask if on else 0
        self._connection.root.xinput_select_events([(xinput.AllMasterDevices, mask)])
        display = self._connection.display
        if on:
            mapping, down = display.get_modifier_mapping(), display.query_keymap()
            self._controls, self._shifts = (
                set(mapping[X.ControlMapIndex]) - {0},
                set(mapping[X.ShiftMapIndex]) - {0},
            )
            self._down = {code for code in self._controls | self._shifts if down[code >> 3] >> (code & 7) & 1}
        display.flush()

    def _handle(self, event: Any) -> None:
        if event.type != ge.GenericEventCode or event.extension != self._extension or not self._watching:
            return
        if event.evtype == xinput.RawKeyRelease:
            self._down.discard(event.data.detail)
        elif event.evtype == xinput.RawKeyPress:
            self._press(event.data.detail)

    def _press(self, key: int) -> None:
        """Note a key press, with the modifiers that events reported before it: by now they may be released."""
        insert = key == self._connection.display.keysym_to_keycode(XK.XK_Insert)
        if key in self._controls | self._shifts:
            self._down.add(key)
        elif self._down & self._controls or (insert and self._down & self._shifts):
            self._pressed()
