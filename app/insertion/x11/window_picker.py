"""Let the user click on a window, and tell its program; for one thread that may block.

The pointer and the keyboard are grabbed, not the server: all other programs go on, and X releases both when this
process ends. X Window System Protocol, version 11.
"""

import os
import socket
import time
from collections.abc import Iterator
from typing import Any, Final

from Xlib import XK, X
from Xlib.error import ConnectionClosedError, DisplayError, XError

from app.insertion.program_picker import PickState, ProgramPick
from app.insertion.x11.screen import X11Screen
from app.x11.connection import X11Connection

DEADLINE_S: Final = 30.0
_GRAB_S: Final = 1.0  # a menu that is closing still has both
_TRY_AGAIN_S: Final = 0.02
_RELEASE_S: Final = 2.0
_CROSSHAIR: Final = 34  # of X's font of cursors; its mask follows it
_WHITE, _BLACK = (0xFFFF,) * 3, (0, 0, 0)
_LEFT: Final = 1
_WHEEL: Final = frozenset({4, 5, 6, 7})
_MOST_WINDOWS: Final = 500


def pick_program(name: str | None, wakes: socket.socket, deadline_s: float = DEADLINE_S) -> ProgramPick:
    """Wait for a click on a window of this display. Esc, another button or a byte from ``wakes`` cancels."""
    try:
        connection = X11Connection(name, wakes)
        try:
            return _Pick(connection).run(deadline_s)
        finally:
            connection.close()
    except (ConnectionClosedError, DisplayError, OSError):
        return ProgramPick(PickState.UNAVAILABLE)


class _Pick:
    def __init__(self, connection: X11Connection) -> None:
        self._connection, self._root, self._display = connection, connection.root, connection.display
        self._escape = self._display.keysym_to_keycode(XK.XK_Escape)
        self._found: ProgramPick | None = None
        self._released = False
        connection.handlers.append(self._handle)

    def run(self, deadline_s: float) -> ProgramPick:
        end = time.monotonic() + deadline_s
        if not self._grab():
            return ProgramPick(PickState.BUSY)
        try:
            if self._connection.wait_or_wake(lambda: self._found is not None, end):
                return ProgramPick(PickState.CANCELLED)
            self._connection.wait(lambda: self._released or self._found is None, _RELEASE_S)
        finally:
            self._display.ungrab_keyboard(X.CurrentTime)
            self._display.ungrab_pointer(X.CurrentTime)
            self._display.sync()
        return self._found or ProgramPick(PickState.LATE)

    def _grab(self) -> bool:
        """Grab pointer and keyboard, or neither."""
        end = time.monotonic() + _GRAB_S
        while not (self._grab_pointer() and self._grab_keyboard()):
            self._display.ungrab_pointer(X.CurrentTime)
            if time.monotonic() >= end:
                return False
            self._connection.wait(lambda: False, _TRY_AGAIN_S)
        return True

    def _grab_pointer(self) -> bool:
        font = self._display.open_font("cursor")
        cursor = font.create_glyph_cursor(font, _CROSSHAIR, _CROSSHAIR + 1, _BLACK, _WHITE) if font else X.NONE
        mask = X.ButtonPressMask | X.ButtonReleaseMask
        modes = X.GrabModeAsync, X.GrabModeAsync
        return bool(self._root.grab_pointer(False, mask, *modes, X.NONE, cursor, X.CurrentTime) == X.GrabSuccess)

    def _grab_keyboard(self) -> bool:
        modes = X.GrabModeAsync, X.GrabModeAsync
        return bool(self._root.grab_keyboard(False, *modes, X.CurrentTime) == X.GrabSuccess)

    def _handle(self, event: Any) -> None:
        if event.type in {X.ButtonRelease, X.KeyRelease}:
            self._released = True  # otherwise a program below would get a release without a press
        elif self._found is not None:
            return
        elif event.type == X.KeyPress and event.detail == self._escape:
            self._found, self._released = ProgramPick(PickState.CANCELLED), False
        elif event.type == X.ButtonPress and event.detail not in _WHEEL:
            self._released = False
            self._found = self._clicked(event.child) if event.detail == _LEFT else ProgramPick(PickState.CANCELLED)

    def _clicked(self, child: Any) -> ProgramPick:
        """Return the program of the window below a child of the root."""
        screen = X11Screen(self._connection, ours=os.getpid())
        for window in self._clients(child):
            if self._connection.program(window.id) == os.getpid():
                return ProgramPick(PickState.OWN)
            if names := screen.names(window.id):
                return ProgramPick(PickState.PICKED, names[-1])
        return ProgramPick(PickState.NO_PROGRAM)

    def _clients(self, child: Any) -> Iterator[Any]:
        """Yield the windows of programs in a frame; without a window manager, all windows in it."""
        if isinstance(child, int):
            return  # the root itself
        inside = list(self._inside(child))
        state = self._connection.atom("WM_STATE")
        managed = [window for window in inside if self._has(window, state)]
        yield from managed or inside

    def _inside(self, top: Any) -> Iterator[Any]:
        """Yield a window and those in it, the outer ones first."""
        waiting = [top]
        for _ in range(_MOST_WINDOWS):
            if not waiting:
                return
            window = waiting.pop(0)
            yield window
            waiting += self._children(window)

    @staticmethod
    def _children(window: Any) -> list[Any]:
        try:
            return list(window.query_tree().children)
        except XError:  # it was closed
            return []

    @staticmethod
    def _has(window: Any, atom: int) -> bool:
        try:
            return window.get_property(atom, X.AnyPropertyType, 0, 1) is not None
        except XError:  # it was closed
            return False
