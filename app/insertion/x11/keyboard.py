"""Find the keys that type a text in any script, and press keys by XTEST.

A character that the keyboard lacks gets a spare key code. Programs read the keyboard table when they process the
key, not when it is pressed. A code therefore keeps its meaning until the target has caught up. The progress of a
program that answers no pings (xterm) is unknown. Such a program gets only texts that need each spare code once.

X11 core keyboard mapping; keysyms: X Window System Protocol, appendix A.
"""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from Xlib import XK, X

from app.insertion.errors import CannotType
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.plan import PasteKeys
from app.insertion.x11.screen import Pings, X11Screen
from app.x11.connection import X11Connection

RETURN: Final = 0xFF0D
MOST_KEYS_AT_ONCE: Final = 50  # a batch blocks other programs for a few ms
_UNICODE: Final = 0x01000000
_LATIN_1: Final = frozenset((*range(0x20, 0x7F), *range(0xA0, 0x100)))


@dataclass(frozen=True)
class Stroke:
    """A press and release of one key, with or without Shift."""

    code: int
    shift: bool = False


@dataclass(frozen=True)
class Layout:
    """A keyboard layout. ``keys``: the stroke for each keysym. ``spare``: unused key codes."""

    keys: Mapping[int, Stroke]
    spare: tuple[int, ...]


@dataclass
class Batch:
    """A part of a text. ``strokes`` type ``text`` once each code of ``borrowed`` is mapped to its keysym."""

    text: str = ""
    strokes: list[Stroke] = field(default_factory=list)
    borrowed: dict[int, int] = field(default_factory=dict)

    @property
    def shift_return(self) -> bool:
        """True if its line breaks are typed with Shift."""
        return any(char == "\n" and stroke.shift for char, stroke in zip(self.text, self.strokes, strict=True))


def keysym(char: str) -> int:
    """Return the keysym of one character."""
    code = ord(char)
    if char == "\n":
        return RETURN
    return code if code in _LATIN_1 else _UNICODE + code


def read_layout(rows: Sequence[Sequence[int]], first_code: int, group: int) -> Layout:
    """Read the layout from the server's table: one row of keysyms per code; column 2 ``group``, + 1 with Shift.

    The core protocol has only groups 0 and 1 in these columns. For other groups, only Return is read.
    """
    keys: dict[int, Stroke] = {}
    spare = []
    for code, row in enumerate(rows, first_code):
        if not any(row):
            spare.append(code)
            continue
        for shift, sym in enumerate(row[2 * group : 2 * group + 2] if group < 2 else row[:1]):
            if sym and (group < 2 or sym == RETURN):
                keys.setdefault(sym, Stroke(code, bool(shift)))
    usable = tuple(code for code in spare if code > first_code)  # some programs take the lowest code for "no key"
    return Layout(keys, usable)


def batches(text: str, layout: Layout, lent: Mapping[int, int], *, shift_return: bool = False) -> Iterator[Batch]:
    """Split ``text`` into batches in which no spare code has two meanings; ``lent``: the current meanings.

    Each change of a meaning makes every program reload the keyboard table, so changes are minimised. Raises
    ``CannotType``.
    """
    meanings = {code: lent.get(code, 0) for code in layout.spare}  # the least recently used first
    used: set[int] = set()
    batch = Batch()
    for char in text:
        sym = keysym(char)
        stroke = layout.keys.get(sym) or _spare(sym, meanings, used)
        if stroke is None or len(batch.strokes) >= MOST_KEYS_AT_ONCE:
            yield _with_borrowed(batch, meanings)
            batch, used = Batch(), set()
            stroke = stroke or _spare(sym, meanings, used)
        if stroke is None:
            raise CannotType
        if stroke.code in meanings:
            del meanings[stroke.code]
            meanings[stroke.code] = sym
            used.add(stroke.code)
        batch.strokes.append(Stroke(stroke.code, shift_return) if char == "\n" else stroke)
        batch.text += char
    if batch.strokes:
        yield _with_borrowed(batch, meanings)


def changes(lent: Mapping[int, int], pieces: Iterable[Batch]) -> int:
    """Return how often the keyboard table changes while ``pieces`` are typed."""
    count, now = 0, dict(lent)
    for piece in pieces:
        count += sum(now.get(code) != sym for code, sym in piece.borrowed.items())
        now = dict(piece.borrowed)
    return count


def redefines_code(lent: Mapping[int, int], pieces: Iterable[Batch]) -> bool:
    """Return whether a spare code gets two meanings."""
    meanings = {*lent.items()}.union(*(piece.borrowed.items() for piece in pieces))
    return len(meanings) > len({code for code, _ in meanings})


def _spare(sym: int, meanings: Mapping[int, int], used: set[int]) -> Stroke | None:
    """Return the code that already has this meaning, or else the one whose meaning may change."""
    free = [code for code in meanings if code not in used]
    known = [code for code, meaning in meanings.items() if meaning == sym]
    return next((Stroke(code) for code in (*known, *free)), None)


def _with_borrowed(batch: Batch, meanings: Mapping[int, int]) -> Batch:
    batch.borrowed = {code: sym for code, sym in meanings.items() if sym}
    return batch


_HANGS_AFTER_S: Final = 1.0
_BATCH_DEADLINE_S: Final = 5.0  # an editor with a long text takes some ms per key
# Each change makes every program reload the table; a window manager was seen to take 30 ms for that.
MOST_CHANGES: Final = 32
_LENT_S: Final = 10.0  # enough for a program without pings, unless it hangs
_MOST_PLANS: Final = 8  # of one text: the user may change the layout again
_CONTROL, _SHIFT, _CAPS_LOCK = (XK.string_to_keysym(name) for name in ("Control_L", "Shift_L", "Caps_Lock"))


class X11Keyboard:
    """The keyboard of an X server. Press chords through ``X11Screen.press``; ``type`` does so itself."""

    def __init__(
        self, connection: X11Connection, screen: X11Screen, pings: Pings, hangs_after_s: float = _HANGS_AFTER_S
    ) -> None:
        self._connection = connection
        self._display = connection.display
        self._screen = screen
        self._pings = pings
        self._hangs_after_s = hangs_after_s
        self._lent: dict[int, int] = {}

    def chord(self, keys: PasteKeys) -> Sequence[int]:
        """Return the key codes of a combination, to press in order and release in reverse."""
        sym = XK.string_to_keysym(keys.key)
        found = self._layout().keys.get(sym)
        # If the active layout lacks the letter (Cyrillic …), programs look shortcuts up in other layouts.
        code = found.code if found is not None and not found.shift else self._code(sym)
        held_down = [self._code(_CONTROL)] * keys.control + [self._code(_SHIFT)] * keys.shift
        return [*held_down, code]

    def press(self, codes: Sequence[int]) -> None:
        """Press the keys together, then release them."""
        for code in codes:
            self._display.xtest_fake_input(X.KeyPress, code)
        for code in reversed(codes):
            self._display.xtest_fake_input(X.KeyRelease, code)

    def plan(self, text: str, target: Target, *, shift_return: bool) -> Sequence[Batch] | None:
        """Plan how to ``type`` a text; ``None`` if that is impossible or needs too many table changes."""
        table = self._table()  # a new layout takes the spare codes back
        self._lent = {code: sym for code, sym in self._lent.items() if sym in table[code]}
        try:
            pieces = list(batches(text, self._layout(), self._lent, shift_return=shift_return))
        except CannotType:
            return None
        if changes(self._lent, pieces) > MOST_CHANGES:
            return None
        unsure = not self._pings.are_supported(target) and redefines_code(self._lent, pieces)
        return None if unsure else pieces

    def type(self, pieces: Sequence[Batch], target: Target) -> Insertion:
        """Type the planned pieces while ``target`` has the focus."""
        answers = self._pings.are_supported(target)
        if answers and not self._pings.until_answered(target, self._hangs_after_s):
            return held_insertion(HoldReason.NOT_READ)
        try:
            return self._type_all(pieces, target, answers=answers)
        finally:
            self._take_back()

    def _type_all(self, pieces: Sequence[Batch], target: Target, *, answers: bool) -> Insertion:
        left, typed, plans = deque(pieces), False, 1
        while left:
            self._lend(left[0].borrowed)
            reason = self._screen.press(target, _Strikes(self, left[0]))
            rest = "".join(piece.text for piece in left)
            if reason is HoldReason.LAYOUT_CHANGED and plans < _MOST_PLANS:
                again = self.plan(rest, target, shift_return=any(piece.shift_return for piece in left))
                left, plans = deque(again or left), plans + 1 if again else _MOST_PLANS
                continue
            if reason is not None and typed:
                changed = reason is HoldReason.LAYOUT_CHANGED
                return held_insertion(reason if changed else HoldReason.PARTLY_TYPED, rest)
            if reason is not None:
                return held_insertion(reason)
            typed = bool(left.popleft())
            if answers and not self._pings.until_answered(target, _BATCH_DEADLINE_S):
                return held_insertion(HoldReason.UNCERTAIN)  # the program may still process the keys
        return Insertion(InsertionResult.TYPED)

    def codes_of(self, piece: Batch) -> Collection[int] | HoldReason:
        """Return the codes that type this piece, unless the layout has changed since it was planned."""
        table, keys = self._table(), self._layout().keys
        for char, stroke in zip(piece.text, piece.strokes, strict=True):
            found, sym = keys.get(keysym(char)), keysym(char)
            lent = piece.borrowed.get(stroke.code) == sym and sym in table[stroke.code]
            if not lent and (found is None or found.code != stroke.code or char != "\n" and found != stroke):
                return HoldReason.LAYOUT_CHANGED
        return {self._code(_SHIFT), self._code(_CAPS_LOCK), *(stroke.code for stroke in piece.strokes)}

    def strike(self, strokes: Iterable[Stroke]) -> None:
        """Type the strokes with Caps Lock off: programs apply it to letters in inconsistent ways."""
        shift = self._code(_SHIFT)
        lock = [self._code(_CAPS_LOCK)] if self._screen.caps_lock() else []
        self.press(lock)
        for stroke in strokes:
            self.press([shift, stroke.code] if stroke.shift else [stroke.code])
        self.press(lock)

    # -- keyboard table ------------------------------------------------------------------------------------

    def _table(self) -> Mapping[int, Sequence[int]]:
        first = self._display.display.info.min_keycode
        count = self._display.display.info.max_keycode - first + 1
        return dict(enumerate(self._display.get_keyboard_mapping(first, count), first))

    def _layout(self) -> Layout:
        table = self._table()
        rows = [[] if code in self._lent else list(row) for code, row in table.items()]
        return read_layout(rows, min(table), self._screen.group())

    def _code(self, sym: int) -> int:
        code = int(self._display.keysym_to_keycode(sym))
        if not code:
            raise CannotType
        return code

    def close(self) -> None:
        """Restore the keyboard table."""
        self._lend({})

    def _lend(self, borrowed: dict[int, int]) -> None:
        """Give spare codes exactly these meanings."""
        if borrowed == self._lent:
            return
        for code in sorted({*self._lent, *borrowed}):
            sym = borrowed.get(code, X.NoSymbol)
            if self._lent.get(code) != sym:
                # The same with Shift: a single keysym would imply its other case.
                self._display.change_keyboard_mapping(code, [(sym, sym)])
        self._lent = dict(borrowed)
        self._display.sync()

    def _take_back(self) -> None:
        """Schedule the removal of meanings.

        It is delayed: the next text may need the same ones, and a program without pings may lag behind.
        """
        lent = self._lent

        def take() -> None:
            if self._lent is lent:
                self._lend({})

        self._connection.at(time.monotonic() + _LENT_S, take)


class Chord:
    """A key combination, looked up again in the layout in effect when it is pressed. Raises ``CannotType``.

    ``pressed`` is called just before. ``offered``: returns whether the text is still on the clipboard.
    """

    def __init__(self, keyboard: X11Keyboard, keys: PasteKeys) -> None:
        self.pressed: Callable[[], None] = lambda: None
        self.offered: Callable[[], bool] = lambda: True
        self._keyboard, self._keys = keyboard, keys
        self._codes = keyboard.chord(keys)

    def codes(self) -> Collection[int] | HoldReason:
        """Return the codes of the keys, by the keyboard layout at this moment."""
        if not self.offered():
            return HoldReason.CLIPBOARD_BUSY
        with suppress(CannotType):  # then the keys of the earlier layout do nothing
            self._codes = self._keyboard.chord(self._keys)
        return self._codes

    def press(self) -> None:
        """Press the keys of these codes."""
        self.pressed()
        self._keyboard.press(self._codes)


class _Strikes:
    """The keys that type one piece."""

    def __init__(self, keyboard: X11Keyboard, piece: Batch) -> None:
        self._keyboard, self._piece = keyboard, piece

    def codes(self) -> Collection[int] | HoldReason:
        """Return the codes of the keys, unless the layout has changed."""
        return self._keyboard.codes_of(self._piece)

    def press(self) -> None:
        """Press the keys of these codes."""
        self._keyboard.strike(self._piece.strokes)
