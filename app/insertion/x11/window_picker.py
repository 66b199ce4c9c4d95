"""Let the user click on a window, and return its program.

The pointer and the keyboard are grabbed, not the server: all other programs keep running, and X releases both when
this process ends. X Window System Protocol, version 11.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any, Final

from Xlib import XK, X
from Xlib.error import XError

from app.insertion.program_picker import PickState, ProgramPick
from app.insertion.x11.screen import X11Screen
from app.x11.connection import X11Connection, XThread
from app.x11.errors import X11Error

DEADLINE_S: Final = 30.0
_GRAB_S: Final = 1.0  # a closing menu still holds both grabs
_TRY_AGAIN_S: Final = 0.02
_RELEASE_S: Final = 2.0
_CROSSHAIR: Final = 34  # of X's font of cursors; its mask follows it
_WHITE, _BLACK = (0xFFFF,) * 3, (0, 0, 0)
_LEFT: Final = 1
_WHEEL: Final = frozenset({4, 5, 6, 7})
_MOST_WINDOWS: Final = 500


async def pick_program(name: str | None = None, deadline_s: float = DEADLINE_S) -> ProgramPick:
    """Wait for a click on a window of this display. Esc, another button or a cancellation ends it."""
    found: Future[ProgramPick] = Future()
    found.set_running_or_notify_cancel()

    def tell(pick: ProgramPick) -> None:
        if not found.done():
            found.set_result(pick)

    thread = XThread(name)
    thread.lost = lambda error: tell(ProgramPick(PickState.UNAVAILABLE))
    try:
        await thread.open()
        if not await thread.call(lambda connection: _Pick(connection, tell).begin()):
            return ProgramPick(PickState.BUSY)
        async with asyncio.timeout(deadline_s):
            return await asyncio.wrap_future(found)
    except X11Error:
        return ProgramPick(PickState.UNAVAILABLE)
    except TimeoutError:
        return ProgramPick(PickState.LATE)
    finally:
        thread.submit(_release)
        await thread.close()


def _release(connection: X11Connection) -> None:
    connection.display.ungrab_keyboard(X.CurrentTime)
    connection.display.ungrab_pointer(X.CurrentTime)
    connection.display.sync()


class _Pick:
    """A pick, for the thread of ``connection``. ``tell`` receives the outcome."""

    def __init__(self, connection: X11Connection, tell: Callable[[ProgramPick], None]) -> None:
        self._connection, self._root, self._display = connection, connection.root, connection.display
        self._tell = tell
        self._escape = self._display.keysym_to_keycode(XK.XK_Escape)
        self._found: ProgramPick | None = None
        connection.handlers.append(self._handle)

    def begin(self) -> bool:
        """Grab the pointer and the keyboard, or neither; return whether they are grabbed."""
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
        if self._found is not None:
            if event.type in {X.ButtonRelease, X.KeyRelease}:  # else a program would get it without its press
                self._tell(self._found)
        elif event.type == X.KeyPress and event.detail == self._escape:
            self._end(ProgramPick(PickState.CANCELLED))
        elif event.type == X.ButtonPress and event.detail not in _WHEEL:
            left = event.detail == _LEFT
            self._end(self._clicked_program(event.child) if left else ProgramPick(PickState.CANCELLED))

    def _end(self, found: ProgramPick) -> None:
        """Report the outcome once the button or key is released, at the latest after a deadline."""
        self._found = found
        self._connection.at(time.monotonic() + _RELEASE_S, partial(self._tell, found))

    def _clicked_program(self, child: Any) -> ProgramPick:
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
