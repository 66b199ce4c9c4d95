"""Which keys type a text: pure. X11 core keyboard mapping, keysyms: X Window System Protocol, appendix A."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.insertion.errors import CannotType

RETURN: Final = 0xFF0D
MOST_KEYS_AT_ONCE: Final = 50  # a batch holds up other programs for a few ms
_UNICODE: Final = 0x01000000
_LATIN_1: Final = frozenset((*range(0x20, 0x7F), *range(0xA0, 0x100)))


@dataclass(frozen=True)
class Stroke:
    """One key, pressed and released, with or without Shift."""

    code: int
    shift: bool = False


@dataclass(frozen=True)
class Layout:
    """``keys``: what types each keysym. ``spare``: key codes that no key of the keyboard has."""

    keys: Mapping[int, Stroke]
    spare: tuple[int, ...]


@dataclass
class Batch:
    """``text`` is typed by ``strokes`` once each code of ``borrowed`` means its keysym."""

    text: str = ""
    strokes: list[Stroke] = field(default_factory=list)
    borrowed: dict[int, int] = field(default_factory=dict)


def keysym(char: str) -> int:
    """Of one character."""
    code = ord(char)
    if char == "\n":
        return RETURN
    return code if code in _LATIN_1 else _UNICODE + code


def read_layout(rows: Sequence[Sequence[int]], first_code: int, group: int) -> Layout:
    """From the server's table: a row of keysyms for each code; column 2 ``group``, + 1 for Shift.

    Only groups 0 and 1 are in these columns of the core protocol: for others nothing but Return is taken from it.
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
    usable = tuple(code for code in spare if code > first_code)  # the lowest means "no key" to some programs
    return Layout(keys, usable)


def batches(text: str, layout: Layout, lent: Mapping[int, int], *, shift_return: bool = False) -> Iterator[Batch]:
    """``text`` in pieces, within which no spare code has two meanings; ``lent``: those that they have now.

    Every change of a meaning makes every program read the keyboard's table anew, so there are as few as possible.
    Raises ``CannotType``.
    """
    meanings = {code: lent.get(code, 0) for code in layout.spare}  # the longest unused first
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
    """How often the keyboard's table is changed for ``pieces``."""
    count, now = 0, dict(lent)
    for piece in pieces:
        count += sum(now.get(code) != sym for code, sym in piece.borrowed.items())
        now = dict(piece.borrowed)
    return count


def lends_anew(lent: Mapping[int, int], pieces: Iterable[Batch]) -> bool:
    """Whether one code gets two meanings."""
    meanings = {*lent.items()}.union(*(piece.borrowed.items() for piece in pieces))
    return len(meanings) > len({code for code, _ in meanings})


def _spare(sym: int, meanings: Mapping[int, int], used: set[int]) -> Stroke | None:
    """The code that means it, or else the one whose meaning may change."""
    free = [code for code in meanings if code not in used]
    known = [code for code, meaning in meanings.items() if meaning == sym]
    return next((Stroke(code) for code in (*known, *free)), None)


def _ended(batch: Batch, meanings: Mapping[int, int]) -> Batch:
    batch.borrowed = {code: sym for code, sym in meanings.items() if sym}
    return batch
