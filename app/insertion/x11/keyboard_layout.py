"""Find the keys that type a text. Pure.

X11 core keyboard mapping; keysyms: X Window System Protocol, appendix A.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.insertion.errors import CannotType

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
            yield _ended(batch, meanings)
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
        yield _ended(batch, meanings)


def changes(lent: Mapping[int, int], pieces: Iterable[Batch]) -> int:
    """Return how often the keyboard table changes while ``pieces`` are typed."""
    count, now = 0, dict(lent)
    for piece in pieces:
        count += sum(now.get(code) != sym for code, sym in piece.borrowed.items())
        now = dict(piece.borrowed)
    return count


def lends_anew(lent: Mapping[int, int], pieces: Iterable[Batch]) -> bool:
    """Return whether a spare code gets two meanings."""
    meanings = {*lent.items()}.union(*(piece.borrowed.items() for piece in pieces))
    return len(meanings) > len({code for code, _ in meanings})


def _spare(sym: int, meanings: Mapping[int, int], used: set[int]) -> Stroke | None:
    """Return the code that already has this meaning, or else the one whose meaning may change."""
    free = [code for code in meanings if code not in used]
    known = [code for code, meaning in meanings.items() if meaning == sym]
    return next((Stroke(code) for code in (*known, *free)), None)


def _ended(batch: Batch, meanings: Mapping[int, int]) -> Batch:
    batch.borrowed = {code: sym for code, sym in meanings.items() if sym}
    return batch
