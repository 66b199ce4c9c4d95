"""The focused window, key presses that only this window gets, and its progress with earlier events.

The server is grabbed from the last check to the last key. So no other program can move the focus in between.

The program answers a ping (Extended Window Manager Hints, _NET_WM_PING) once it has processed earlier events.
"""

import time
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, Final, Protocol

from Xlib import X
from Xlib.error import XError
from Xlib.protocol.event import ClientMessage
from Xlib.protocol.request import GetInputFocus, QueryPointer
from Xlib.xobject.drawable import Window

from app.core.area import Area
from app.insertion.outcome import HoldReason, Target
from app.insertion.plan import is_terminal
from app.x11.connection import X11Connection
from app.x11.key_filters import KeyFilters

RELEASE_DEADLINE_S: Final = 2.0
_CHECK_AGAIN_S: Final = 0.01
_MOST_PARENTS: Final = 16
_PASSING: Final = (HoldReason.MODIFIERS_HELD, HoldReason.KEYBOARD_GRABBED)
# Lock keys do not count as held modifiers.
_LOCKS: Final = frozenset({0xFF7F, 0xFF14, 0xFFE5, 0xFFE6, 0xFE0D})  # Num, Scroll, Caps, Shift and group locks


class KeyPresses(Protocol):
    """Keys that are chosen and pressed while the server is grabbed."""

    def codes(self) -> Collection[int] | HoldReason:
        """Return the codes of the keys, or why they cannot be pressed at this moment."""

    def press(self) -> None:
        """Press the keys of these codes."""


class X11Screen:
    """The screen as seen by the thread of its connection.

    Windows of the process ``ours`` (default: this process) are our own. ``pressing`` is called with the target's
    process before keys are pressed.
    """

    def __init__(
        self, connection: X11Connection, release_deadline_s: float = RELEASE_DEADLINE_S, ours: int | None = None
    ) -> None:
        self.pressing: Callable[[int], None] = lambda process: None
        self._connection = connection
        self._release_deadline_s = release_deadline_s
        self._display = connection.display
        self._filters = KeyFilters(connection.display)
        self._ours = connection.program(connection.window.id) if ours is None else ours

    def target(self) -> Target | None:
        """Return the focused top-level window."""
        window = self._window_of(self._display.get_input_focus().focus)
        if window is None:
            return None
        names = self.names(window.id)
        program, process = names[-1] if names else "", self._connection.program(window.id)
        own = process == self._ours
        return Target(window.id, program, is_terminal(*names), own, self._area(window), process)

    def names(self, window: int) -> tuple[str, ...]:
        """Return the names of the window's program: instance and class."""
        try:
            found = self._display.create_resource_object("window", window).get_wm_class()
        except (XError, UnicodeDecodeError):
            return ()
        return tuple(str(name) for name in found or ())

    def press(self, target: Target, keys: KeyPresses | None) -> HoldReason | None:
        """Press ``keys`` that only ``target`` gets; return the reason for a failure.

        Waits until neither a modifier nor any of the keys is held, and no menu or shortcut grabs the keyboard.
        ``None`` presses nothing.
        """
        end = time.monotonic() + self._release_deadline_s
        while True:
            reason = self._try(target, keys)
            if reason not in _PASSING or time.monotonic() >= end:
                return reason
            self._connection.wait(lambda: False, _CHECK_AGAIN_S)

    def ready(self, target: Target) -> HoldReason | None:
        """Do the checks of ``press`` without a key, before anything is borrowed."""
        return self.press(target, None)

    def caps_lock(self) -> bool:
        """Return whether Caps Lock is on."""
        return bool(self._state() & X.LockMask)

    def group(self) -> int:
        """Return the active keyboard layout. X Keyboard Extension: bits 13 and 14 of a state."""
        return int(self._state() >> 13 & 3)

    def _try(self, target: Target, keys: KeyPresses | None) -> HoldReason | None:
        held_bits = self._held_bits()
        before = self._display.get_input_focus().focus
        if not self._has_focus(target, before):
            return HoldReason.FOCUS_MOVED
        with self._connection.hold_server():
            focus, state = self._recheck_focus(target, before)
            if not focus:
                return HoldReason.FOCUS_MOVED
            if state & held_bits:
                return HoldReason.MODIFIERS_HELD
            if self._is_keyboard_grabbed():
                return HoldReason.KEYBOARD_GRABBED
            if keys is not None:
                # Earlier requests are no answer to the keys.
                self._connection.handle_pending()
                codes = keys.codes()
                if isinstance(codes, HoldReason):
                    return codes
                if self._is_any_down(codes):
                    return HoldReason.MODIFIERS_HELD
                self.pressing(target.process)
                with self._filters.off():
                    keys.press()
            return None

    def _is_any_down(self, codes: Collection[int]) -> bool:
        """Return whether the user holds one of these keys: the server drops a second press of it."""
        down = self._display.query_keymap()
        return any(down[code >> 3] >> (code & 7) & 1 for code in codes)

    def _recheck_focus(self, target: Target, before: Any) -> tuple[bool, int]:
        """Check again whether a focus that was in ``target`` still is, and return the state of the keys.

        While the server is grabbed, each round trip blocks all other programs; this is a single one.
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
        """Return whether ``target`` has the focus.

        A program started later may reuse the window's number, so the process must match too.
        """
        window = self._window_of(focus)
        if window is None or window.id != target.window:
            return False
        return not target.process or self._connection.program(window.id) == target.process

    def _window_of(self, focus: Any) -> Any | None:
        """Return the top-level window around ``focus``."""
        if isinstance(focus, int):
            return None  # no focus, or the focus follows the pointer
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
            return None  # the window was closed just now
        return self._active()

    def _area(self, window: Any) -> Area | None:
        try:
            size = window.get_geometry()
            corner = self._connection.root.translate_coords(window, 0, 0)
        except XError:
            return None
        return Area(corner.x, corner.y, size.width, size.height)

    def _active(self) -> Window | None:
        """Return the window that the window manager reports as active (EWMH).

        This is for a focus in a window that belongs to no top-level window.
        """
        active = self._connection.atom("_NET_ACTIVE_WINDOW")
        found = self._connection.root.get_property(active, X.AnyPropertyType, 0, 1)
        number = int(found.value[0]) if found is not None and len(found.value) else X.NONE
        window = self._display.create_resource_object("window", number)
        try:
            managed = number and window.get_property(self._connection.atom("WM_STATE"), X.AnyPropertyType, 0, 1)
        except XError:
            return None  # the window was closed, and the window manager has not noticed yet
        return window if managed else None

    def _state(self) -> int:
        return int(self._connection.root.query_pointer().mask)

    def _held_bits(self) -> int:
        """Return the bits of Shift, Ctrl, Alt, Super and so on. Such keys may be held or latched (sticky keys)."""
        bits = 0
        for bit, codes in enumerate(self._display.get_modifier_mapping()):
            syms = {self._display.keycode_to_keysym(code, 0) for code in codes if code}
            if syms and not syms & _LOCKS:
                bits |= 1 << bit
        return bits

    def _is_keyboard_grabbed(self) -> bool:
        """Return whether another program has grabbed the keyboard, tested by trying to grab it."""
        status = self._connection.root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
        if status == X.GrabSuccess:
            self._display.ungrab_keyboard(X.CurrentTime)
        return bool(status != X.GrabSuccess)


# Answers go to clients that listen to the root window. Qt uses another event mask than specified.
_ANSWERS: Final = X.SubstructureNotifyMask | X.StructureNotifyMask


class Pings:
    """Pings sent to programs, as window managers do."""

    def __init__(self, connection: X11Connection) -> None:
        self._connection = connection
        self._display = connection.display
        self._waiting: dict[int, tuple[Any, Callable[[], None]]] = {}
        self._sent = 0
        connection.handlers.append(self._handle)

    def are_supported(self, target: Target) -> bool:
        """Return whether the target's program declares that it answers pings."""
        try:
            protocols = self._display.create_resource_object("window", target.window).get_wm_protocols()
        except XError:
            return False
        return self._connection.atom("_NET_WM_PING") in list(protocols)

    def until_answered(self, target: Target, deadline_s: float) -> bool:
        """Wait until the program has handled all earlier events; return False if it has not by the deadline."""
        answers: list[int] = []
        self.send(target, lambda: answers.append(1), deadline_s)
        return self._connection.wait(lambda: bool(answers), deadline_s)

    def send(self, target: Target, answered: Callable[[], None], deadline_s: float) -> None:
        """Call ``answered`` when the program has handled all earlier events, if it does so by the deadline.

        A closed window gets no more events, so its end counts as the answer.
        """
        window = self._display.create_resource_object("window", target.window)
        ping = self._connection.atom("_NET_WM_PING")
        self._sent += 1
        number = self._sent
        self._waiting[number] = window, answered
        self._connection.listen(self._connection.root, _ANSWERS)
        self._connection.listen(window, X.StructureNotifyMask)
        self._connection.at(time.monotonic() + deadline_s, partial(self._end, number))
        data = (32, [ping, number, target.window, 0, 0])
        message = ClientMessage(window=window, client_type=self._connection.atom("WM_PROTOCOLS"), data=data)
        window.send_event(message)
        self._display.flush()

    def _end(self, number: int, *, is_answered: bool = False) -> None:
        if number not in self._waiting:
            return
        window, answered = self._waiting.pop(number)
        self._connection.unlisten(window, X.StructureNotifyMask)
        self._connection.unlisten(self._connection.root, _ANSWERS)
        if is_answered:
            answered()

    def _handle(self, event: Any) -> None:
        if event.type == X.DestroyNotify:
            for number in [each for each, (window, _) in self._waiting.items() if window == event.window]:
                self._end(number, is_answered=True)
        elif isinstance(event, ClientMessage) and event.window == self._connection.root:
            words = list(event.data[1])
            if words[0] == self._connection.atom("_NET_WM_PING"):
                self._end(int(words[1]), is_answered=True)
