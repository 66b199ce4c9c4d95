"""The window that has the focus, and pressing keys for it and for no other.

The server is grabbed from the last look to the last key: no other program can move the focus in between.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from Xlib import X
from Xlib.error import XError
from Xlib.protocol.request import GetInputFocus, QueryPointer
from Xlib.xobject.drawable import Window

from app.insertion.outcome import Reason, Target
from app.insertion.programs import is_terminal
from app.insertion.x11_connection import Connection

RELEASE_DEADLINE_S: Final = 2.0
_LOOK_AGAIN_S: Final = 0.01
_MOST_PARENTS: Final = 16
# Locks are no modifiers that somebody holds.
_LOCKS: Final = frozenset({0xFF7F, 0xFF14, 0xFFE5, 0xFFE6, 0xFE0D})  # Num, Scroll, Caps, Shift and group locks


class X11Screen:
    """Asked by the thread of its connection. Windows of the process ``ours`` are our own; default: this process.

    ``pressing`` is told a target's process before keys are pressed for it.
    """

    def __init__(
        self, connection: Connection, release_deadline_s: float = RELEASE_DEADLINE_S, ours: int | None = None
    ) -> None:
        self.pressing: Callable[[int], None] = lambda process: None
        self._connection = connection
        self._release_deadline_s = release_deadline_s
        self._display = connection.display
        self._ours = connection.program(connection.window.id) if ours is None else ours

    def target(self) -> Target | None:
        """The top-level window that has the focus."""
        window = self._window_of(self._display.get_input_focus().focus)
        if window is None:
            return None
        names = self.names(window.id)
        program, process = names[-1] if names else "", self._connection.program(window.id)
        own = process == self._ours
        return Target(window.id, program, is_terminal(*names), own, self._middle(window), process)

    def names(self, window: int) -> tuple[str, ...]:
        """What its program calls itself: instance and class."""
        try:
            found = self._display.create_resource_object("window", window).get_wm_class()
        except (XError, UnicodeDecodeError):
            return ()
        return tuple(str(name) for name in found or ())

    def press(self, target: Target, keys: Callable[[], None] | None) -> Reason | None:
        """Have ``keys`` pressed for ``target`` and for nothing else; why not.

        Waits until nobody holds a modifier, and no menu or shortcut has the keyboard. ``None`` presses nothing.
        """
        end = time.monotonic() + self._release_deadline_s
        while True:
            reason = self._try(target, keys)
            if reason in (None, Reason.FOCUS_MOVED) or time.monotonic() >= end:
                return reason
            self._connection.wait(lambda: False, _LOOK_AGAIN_S)

    def ready(self, target: Target) -> Reason | None:
        """As ``press`` without any key: waits before anything is borrowed."""
        return self.press(target, None)

    def caps_lock(self) -> bool:
        """Whether it is on."""
        return bool(self._state() & X.LockMask)

    def group(self) -> int:
        """Which layout of the keyboard is in use. X Keyboard Extension: bits 13 and 14 of a state."""
        return int(self._state() >> 13 & 3)

    def _try(self, target: Target, keys: Callable[[], None] | None) -> Reason | None:
        held_bits = self._held_bits()
        before = self._display.get_input_focus().focus
        if not self._has_focus(target, before):
            return Reason.FOCUS_MOVED
        with self._connection.grabbed():
            focus, state = self._still_there(target, before)
            if not focus:
                return Reason.FOCUS_MOVED
            if state & held_bits:
                return Reason.MODIFIERS_HELD
            if self._grabbed():
                return Reason.KEYBOARD_GRABBED
            if keys is not None:
                # What was asked before now is no answer to the keys.
                self._connection.handle_pending()
                self.pressing(target.process)
                keys()
            return None

    def _still_there(self, target: Target, before: Any) -> tuple[bool, int]:
        """Look again at a focus that was in ``target``: whether it still is, and the state of the keys.

        While the server is grabbed, each round trip keeps all other programs waiting: this is one.
        """
        server = self._display.display
        focus = GetInputFocus(display=server, defer=True)
        pointer = QueryPointer(display=server, window=self._connection.root.id, defer=True)
        program = self._connection.ask_program(target.window)
        focus.reply()
        pointer.reply()
        process = program()
        same = focus.focus == before and (not target.process or process == target.process)
        return same or self._has_focus(target, focus.focus), int(pointer.mask)

    def _has_focus(self, target: Target, focus: Any) -> bool:
        """A like program that is started after it may have its window's number, but is another process."""
        window = self._window_of(focus)
        if window is None or window.id != target.window:
            return False
        return not target.process or self._connection.program(window.id) == target.process

    def _window_of(self, focus: Any) -> Any | None:
        """The top-level window around ``focus``."""
        if isinstance(focus, int):
            return None  # nothing, or whatever is under the pointer
        state = self._connection.atom("WM_STATE")
        window = focus
        try:
            for _ in range(_MOST_PARENTS):
                if window.id == self._connection.root.id:
                    break
                if window.get_property(state, X.AnyPropertyType, 0, 1) is not None:
                    return window
                window = window.query_tree().parent
        except XError:
            return None  # it was closed just now
        return self._active()

    def _middle(self, window: Any) -> tuple[int, int] | None:
        try:
            size = window.get_geometry()
            corner = self._connection.root.translate_coords(window, 0, 0)
        except XError:
            return None
        return corner.x + size.width // 2, corner.y + size.height // 2

    def _active(self) -> Window | None:
        """As the window manager says (EWMH), for a focus in a window that belongs to none."""
        active = self._connection.atom("_NET_ACTIVE_WINDOW")
        found = self._connection.root.get_property(active, X.AnyPropertyType, 0, 1)
        number = int(found.value[0]) if found is not None and len(found.value) else X.NONE
        window = self._display.create_resource_object("window", number)
        try:
            managed = number and window.get_property(self._connection.atom("WM_STATE"), X.AnyPropertyType, 0, 1)
        except XError:
            return None  # the window manager does not know yet that it was closed
        return window if managed else None

    def _state(self) -> int:
        return int(self._connection.root.query_pointer().mask)

    def _held_bits(self) -> int:
        """Shift, Ctrl, Alt, Super …, held down or latched (sticky keys)."""
        bits = 0
        for bit, codes in enumerate(self._display.get_modifier_mapping()):
            syms = {self._display.keycode_to_keysym(code, 0) for code in codes if code}
            if syms and not syms & _LOCKS:
                bits |= 1 << bit
        return bits

    def _grabbed(self) -> bool:
        """Whether another program has the keyboard for itself, so that keys would go there. Only asking tells."""
        status = self._connection.root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
        if status == X.GrabSuccess:
            self._display.ungrab_keyboard(X.CurrentTime)
        return bool(status != X.GrabSuccess)
