"""Hotkeys of an X server, and the present codes of our keys, for the one thread that may block on it.

Keys are grabbed on the root window (XGrabKey). From press to release, the server sends a grabbed key here
instead of to the focused program. It also sends every other key pressed in that time. python-xlib is used because
pynput cannot withhold a single key from other programs on X11.

A lone modifier is grabbed so that the server asks about each key after it. A combination for another program is
replayed to that program (XAllowEvents, ReplayKeyboard). After other hotkeys the server does not ask: a stopped
process of this app must not block the keyboard.

Auto-repeat is a release and a press at nearly the same time, while the key stays down. So is a bounce of worn
contacts. A release therefore counts once no press has followed for 25 ms, by the server's time stamps.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, combinations
from typing import Any, Final

from Xlib import XK, X, error
from Xlib.ext import xtest
from Xlib.keysymdef import xkb

from app.hotkeys.binding import KEYS, Binding, Modifier, parse
from app.hotkeys.errors import HotkeyAbsent, HotkeysLost, HotkeyTaken
from app.hotkeys.events import Decision, Grab, KeyEvent, Presses
from app.hotkeys.x11_xkb import omit_repeated_releases, whole_layout
from app.x11.connection import X11Connection
from runtime import loggers
from runtime.event_names import LogEvent

_ALL_MODIFIERS: Final = 0xFF
_LOCKS: Final = ("Num_Lock", "Scroll_Lock")


class Keymap:
    """A snapshot of the layout and the modifiers."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._modifiers = [set(codes) - {0} for codes in display.get_modifier_mapping()]
        self.locks: int = X.LockMask
        for name in _LOCKS:
            self.locks |= self._bit(set(self.codes(name)))

    def codes(self, keysym: str) -> list[int]:
        """Return the keys that produce this symbol with the fewest modifiers."""
        number = getattr(xkb, f"XK_{keysym}", None) or XK.string_to_keysym(keysym)
        found: list[tuple[int, int]] = list(self._display.keysym_to_keycodes(number))
        lowest = min((level for _, level in found), default=0)
        return sorted({code for code, level in found if level == lowest})

    def grabs(self, action: str, binding: Binding) -> list[Grab]:
        """Return the grabs for ``action``. Raises ``HotkeyAbsent`` if the keyboard lacks the key."""
        codes = next(filter(None, map(self.codes, binding.key.keysyms)), [])
        if not codes:
            raise HotkeyAbsent(action, str(binding), "this keyboard has no such key")
        bits = sum(self._mask(action, binding, modifier) for modifier in binding.modifiers)
        # A layout sets the bit of AltGr on another key with the same symbol.
        own = {code: self._bit({code}) or self._bit(set(codes)) if binding.lone else 0 for code in codes}
        return [Grab(action, code, bits, own[code]) for code in codes]

    def plain(self, state: int) -> int:
        """Return the modifiers of an event, without locks, mouse buttons and the keyboard group."""
        return state & _ALL_MODIFIERS & ~self.locks

    def with_locks(self, modifiers: int) -> Iterator[int]:
        """Yield ``modifiers`` combined with every set of locks, because X compares all bits."""
        bits = [1 << place for place in range(8) if self.locks & 1 << place]
        for count in range(len(bits) + 1):
            for chosen in combinations(bits, count):
                yield modifiers | sum(chosen)

    def codes_of(self, modifiers: int) -> list[int]:
        """Return one key for each modifier bit."""
        return [min(codes) for place, codes in enumerate(self._modifiers) if modifiers & 1 << place and codes]

    def _mask(self, action: str, binding: Binding, modifier: Modifier) -> int:
        if modifier is Modifier.SHIFT:
            return int(X.ShiftMask)
        names = [keysym for key in KEYS.values() if key.modifier is modifier for keysym in key.keysyms[:1]]
        bit = self._bit({code for name in names for code in self.codes(name)})
        if not bit:
            raise HotkeyAbsent(action, str(binding), f"this keyboard has no {modifier}")
        return bit

    def _bit(self, codes: set[int]) -> int:
        """Return the first modifier bit that one of these keys sets, or 0."""
        return next((1 << place for place, keys in enumerate(self._modifiers) if keys & codes), 0)


log = loggers.APP_HOTKEYS_X11_KEYBOARD

_REPEATED_MS: Final = 25
"""The longest time between the two events of auto-repeat, or of a bounce. A person needs 40 ms and more."""
_STAMPS: Final = 0xFFFFFFFF  # milliseconds, which begin again after 49 days
_CHECK_AGAIN_S: Final = 0.1
"""While a hotkey is held, the longest delay until a missed release is noticed."""


class KeyStamps:
    """The times of key events, by the server's time stamps: a busy computer handles events late. Pure."""

    def __init__(self) -> None:
        self._first = (0, 0.0)

    def event_time(self, stamp: int, now_s: float, *, first: bool) -> float:
        """Return when a key moved: as long after the ``first`` one as the stamps say, and at most ``now_s``."""
        if first:
            self._first = (stamp, now_s)
        began, at_s = self._first
        return min(at_s + ((stamp - began) & _STAMPS) / 1000, now_s)


class Keyboard:
    """Grabbed keys. ``report`` gets presses, releases, and the loss of a key with a new layout.

    All calls are made in the thread of ``connection``.
    """

    def __init__(self, connection: X11Connection, report: Callable[[KeyEvent | HotkeysLost], None]) -> None:
        self._connection, self._report = connection, report
        self._presses = Presses()
        self._times = KeyStamps()
        self._wanted: dict[str, Binding] = {}
        self._grabs: dict[str, list[Grab]] = {}
        self._to_pass_on: list[str] = []
        self._doubtful: Any = None  # a release that a press may follow at once
        self._doubt_ends_s = 0.0
        self._is_checking = self._is_remapped = False
        self._display: Any = connection.display
        self._display.set_error_handler(_log_error)
        self._root: Any = connection.root
        self._layout_events = {X.MappingNotify, omit_repeated_releases(self._display)}
        self._keymap = Keymap(self._display)
        connection.handlers.append(self._handle)

    @property
    def doubts_s(self) -> float:
        """The seconds until the last release counts, or 0."""
        return max(0.0, self._doubt_ends_s - time.monotonic()) if self._doubtful else 0.0

    def notice_missed(self) -> None:
        """Query the keyboard for held hotkeys that are up, and report their releases, unless one is in doubt.

        While events are pending, no release counts as missed: the keys may be bouncing.
        """
        for code in () if self.doubts_s else self._presses.down:
            if not self._is_down(code) and not self._display.pending_events():
                known = self._doubtful if self._doubtful and self._doubtful.detail == code else None
                at_s = self._event_time(known) if known else time.monotonic()
                self._emit(self._presses.released(code, at_s))

    def bind(self, bindings: Mapping[str, str]) -> None:
        """Bind exactly these keys, like ``Hotkeys.bind``."""
        wanted = {action: parse(text) for action, text in bindings.items() if text}
        grabs = {action: self._keymap.grabs(action, binding) for action, binding in wanted.items()}
        _refuse_twice(grabs, wanted)
        now = set(map(_key_of, _all(self._grabs)))
        done: list[Grab] = []
        for action, own in grabs.items():
            new = [grab for grab in own if _key_of(grab) not in now]
            done += new
            if not self._grab(new):
                self._ungrab(done)
                raise HotkeyTaken(action, str(wanted[action]))
        kept = set(map(_key_of, _all(grabs)))
        self._ungrab(grab for grab in _all(self._grabs) if _key_of(grab) not in kept)
        self._display.flush()
        self._wanted, self._grabs = wanted, grabs
        self._presses.bind(_all(grabs))

    def renew(self) -> None:
        """Bind the same keys again, like ``Hotkeys.renew``, on the present keyboards."""
        self._grab_again(anyway=True)
        self._display.flush()

    def is_down(self, action: str) -> bool:
        """Return whether the action's key is down, like ``Hotkeys.is_down``."""
        codes = self._presses.held_codes(action) or [grab.code for grab in self._grabs.get(action, ())]
        return any(map(self._is_down, codes))

    def pass_on(self, action: str) -> None:
        """Pass on a tap, like ``Hotkeys.pass_on``, once no hotkey is held.

        Until then, simulated keys would return to this app.
        """
        if action not in self._to_pass_on:
            self._to_pass_on.append(action)
        self._tap_pending()

    # -- keys ----------------------------------------------------------------------------------------------

    def _handle(self, event: Any) -> None:
        if event.type in self._layout_events:
            if not self._is_remapped:  # once for all of them, after the keys before the change
                self._is_remapped = True
                self._connection.at(0.0, self._read_layout)
        elif event.type in (X.KeyPress, X.KeyRelease) and not event.send_event:
            self._handle_key(event)
            self._check_again()

    def _read_layout(self) -> None:
        self._is_remapped = False
        self._display.refresh_keyboard_mapping(whole_layout(self._display))
        self._grab_again()

    def _check_again(self) -> None:
        """Look for missed releases from time to time while a hotkey is held."""
        if self._presses.down and not self._is_checking:
            self._is_checking = True
            self._connection.at(time.monotonic() + _CHECK_AGAIN_S, self._check)

    def _check(self) -> None:
        self._is_checking = False
        self.notice_missed()
        self._check_again()

    def _handle_key(self, event: Any) -> None:
        before, self._doubtful = self._doubtful, None
        if before and not _repeats(before, event):
            self._emit(self._presses.released(before.detail, self._event_time(before)))
        decision = Decision()
        if event.type == X.KeyPress:
            decision = self._presses.pressed(
                event.detail, self._keymap.plain(event.state), self._event_time(event)
            )
        else:
            self._doubtful, self._doubt_ends_s = event, time.monotonic() + _REPEATED_MS / 1000
            self._connection.at(self._doubt_ends_s, self.notice_missed)
        self._answer(decision)
        self._emit(decision)

    def _event_time(self, event: Any) -> float:
        return self._times.event_time(event.time, time.monotonic(), first=not self._presses.down)

    def _answer(self, decision: Decision) -> None:
        # Has no effect if the server does not ask.
        self._display.allow_events(X.ReplayKeyboard if decision.through else X.SyncKeyboard, X.CurrentTime)
        if not self._presses.down:
            self._display.allow_events(X.AsyncKeyboard, X.CurrentTime)
        self._display.flush()

    def _emit(self, decision: Decision) -> None:
        for event in decision.events:
            if event.chord and event.action in self._to_pass_on:
                self._to_pass_on.remove(event.action)
            self._report(event)
        if self._to_pass_on:
            self._connection.at(0.0, self._tap_pending)  # after the keys that have arrived already

    def _is_down(self, code: int) -> bool:
        return bool(self._display.query_keymap()[code // 8] & 1 << code % 8)

    def _tap_pending(self) -> None:
        while self._to_pass_on and not self._presses.down:
            own = self._grabs.get(self._to_pass_on.pop(0))
            if own:
                self._tap(own)

    def _tap(self, own: list[Grab]) -> None:
        if not self._display.has_extension(xtest.extname):
            log.warning(LogEvent.HOTKEYS_XTEST_MISSING)
            return
        code, modifiers = own[0].code, own[0].modifiers
        held = [key for key in self._keymap.codes_of(modifiers) if not self._is_down(key)]
        self._ungrab(own)
        for key in [*held, code]:
            xtest.fake_input(self._display, X.KeyPress, key)
        for key in [code, *reversed(held)]:
            xtest.fake_input(self._display, X.KeyRelease, key)
        if not self._grab(own):
            log.warning(LogEvent.HOTKEYS_TAKEN, action=own[0].action)

    # -- grabs ---------------------------------------------------------------------------------------------

    def _grab(self, grabs: list[Grab]) -> bool:
        """Grab the keys; return False if another program has one of them."""
        refused = error.CatchError(error.BadAccess)
        for grab in grabs:
            mode = X.GrabModeSync if grab.own else X.GrabModeAsync
            for modifiers in self._keymap.with_locks(grab.modifiers):
                self._root.grab_key(grab.code, modifiers, False, X.GrabModeAsync, mode, onerror=refused)
        self._display.sync()
        return refused.get_error() is None

    def _ungrab(self, grabs: Iterable[Grab]) -> None:
        for grab in grabs:
            for modifiers in self._keymap.with_locks(grab.modifiers):
                self._root.ungrab_key(grab.code, modifiers)

    def _grab_again(self, *, anyway: bool = False) -> None:
        """Grab the keys by their new codes after a change of the layout or the modifiers."""
        keymap = Keymap(self._display)
        fresh: dict[str, list[Grab]] = {}
        for action, binding in self._wanted.items():
            try:
                fresh[action] = keymap.grabs(action, binding)
            except HotkeyAbsent:
                log.warning(LogEvent.HOTKEYS_MISSING_IN_LAYOUT, action=action)
                fresh[action] = []
        if not anyway and fresh == self._grabs and keymap.locks == self._keymap.locks:
            self._keymap = keymap
            return  # programs that type characters missing from the layout often change unused keys
        self._ungrab(_all(self._grabs))
        self._keymap, self._grabs = keymap, fresh
        lost = [action for action, own in fresh.items() if not own]
        for action, own in fresh.items():
            if not self._grab(own):
                log.warning(LogEvent.HOTKEYS_TAKEN_IN_LAYOUT, action=action)
                self._ungrab(own)
                lost.append(action)
        fresh |= {action: [] for action in lost}
        self._presses.bind(_all(fresh))
        if lost:  # the reader binds the keys again, and tells the user why one cannot be bound
            self._report(HotkeysLost(f"the new keyboard layout has no key for {', '.join(lost)}"))


def _repeats(release: Any, event: Any) -> bool:
    """Return whether a key event follows the release of auto-repeat, which the server stamps a bit earlier."""
    same_key = event.type == X.KeyPress and event.detail == release.detail
    return bool(same_key and 0 <= event.time - release.time <= _REPEATED_MS)


def _all(grabs: Mapping[str, list[Grab]]) -> Iterator[Grab]:
    return chain.from_iterable(grabs.values())


def _key_of(grab: Grab) -> tuple[int, int]:
    return grab.code, grab.modifiers


def _refuse_twice(grabs: Mapping[str, list[Grab]], wanted: Mapping[str, Binding]) -> None:
    owners: dict[tuple[int, int], str] = {}
    for action, own in grabs.items():
        for grab in own:
            if _key_of(grab) in owners:
                raise HotkeyTaken(action, str(wanted[action]), by=repr(owners[_key_of(grab)]))
        owners |= {_key_of(grab): action for grab in own}


def _log_error(problem: Any, request: Any) -> None:
    log.warning(LogEvent.HOTKEYS_REQUEST_REFUSED, error=type(problem).__name__, request=type(request).__name__)
