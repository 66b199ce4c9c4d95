"""Notice that the user presses a paste key while a text is still on the clipboard.

X Input Extension 2 reports keys as raw events, so the program below still gets them. They are requested only
during that time, at most a few seconds, and no key is stored.
"""

from collections.abc import Callable
from typing import Any, Final

from Xlib import XK, X
from Xlib.error import XError
from Xlib.ext import ge, xinput
from Xlib.protocol import rq

from app.x11.connection import X11Connection

_KEY: Final = rq.Struct(rq.Card16("device"), rq.Card32("time"), rq.Card32("key"))
_VERSION: Final = {"major_version": 2, "minor_version": 2}


class UsersPasteKeys:
    """The user's paste keys, for the thread of ``connection``: any key with Ctrl, and Insert with Shift.

    ``pressed`` is called for each. A server with an older X Input Extension reports none.
    """

    def __init__(self, connection: X11Connection, pressed: Callable[[], None]) -> None:
        self._connection = connection
        self._pressed = pressed
        self._watching = False
        self._controls, self._shifts, self._down = set[int](), set[int](), set[int]()
        self._extension: int | None = None
        display = connection.display
        if not display.has_extension(xinput.extname) or not display.has_extension(ge.extname):
            return
        extension = display.display.get_extension_major(xinput.extname)
        try:
            xinput.XIQueryVersion(display=display.display, opcode=extension, **_VERSION)
        except XError:
            return  # an old server, of version 1
        self._extension = extension
        for kind in (xinput.RawKeyPress, xinput.RawKeyRelease):
            display.ge_add_event_data(extension, kind, _KEY)
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
            self._down.discard(event.data.key)
        elif event.evtype == xinput.RawKeyPress:
            self._press(event.data.key)

    def _press(self, key: int) -> None:
        """Note a key press, with the modifiers that events reported before it: by now they may be released."""
        insert = key == self._connection.display.keysym_to_keycode(XK.XK_Insert)
        if key in self._controls | self._shifts:
            self._down.add(key)
        elif self._down & self._controls or (insert and self._down & self._shifts):
            self._pressed()
