"""Notice that the user presses a paste key while a text is still on the clipboard.

X Input Extension 2 reports keys as raw events, which take nothing from the program below. They are asked for only
in that time, at most some seconds, and nothing of them is kept.
"""

from collections.abc import Callable
from typing import Any, Final

from Xlib import XK, X
from Xlib.error import XError
from Xlib.ext import ge, xinput
from Xlib.protocol import rq

from app.x11.connection import X11Connection

_PRESS: Final = rq.Struct(rq.Card16("device"), rq.Card32("time"), rq.Card32("key"))
_VERSION: Final = {"major_version": 2, "minor_version": 2}


class UsersPasteKeys:
    """The user's paste keys, for the thread of ``connection``: any key with Ctrl, and Insert with Shift.

    ``pressed`` is called for each. The server reports none, if its X Input Extension is older.
    """

    def __init__(self, connection: X11Connection, pressed: Callable[[], None]) -> None:
        self._connection = connection
        self._pressed = pressed
        self._watching = False
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
        display.ge_add_event_data(extension, xinput.RawKeyPress, _PRESS)
        connection.handlers.append(self._handle)

    def watch(self, *, on: bool) -> None:
        """Begin or stop to watch the keys."""
        if on is not self._watching and self._extension is not None:
            self._watching = on
            mask = xinput.RawKeyPressMask if on else 0
            self._connection.root.xinput_select_events([(xinput.AllMasterDevices, mask)])
            self._connection.display.flush()

    def _handle(self, event: Any) -> None:
        ours = event.type == ge.GenericEventCode and event.extension == self._extension
        if ours and event.evtype == xinput.RawKeyPress and self._watching:
            held = self._connection.root.query_pointer().mask
            insert = event.data.key == self._connection.display.keysym_to_keycode(XK.XK_Insert)
            if held & X.ControlMask or (insert and held & X.ShiftMask):
                self._pressed()
