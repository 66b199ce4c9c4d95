"""Reads the lines of a journal: in their order, each once, and what is missing. Pure.

Sealed lines have numbers without a gap, so that every lost line is noticed, wherever it was. Lines without a seal
are those of older versions: in front of the first sealed one, or, exactly as an older version writes them, between
two that follow each other and behind the last. Where a damaged line feed has made one line of several, they are
taken apart again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

from app.capture.damage import Fault
from app.capture.disk import EVENTS
from app.capture.events import Event, decode_line, encode_line, seal_of, whole_lines

_START = b'{"type":"'


Order = tuple[int, float]
"""The number of a sealed line, or of the one before; then the place in the file of lines without a seal."""


@dataclass(frozen=True)
class Line:
    """A line that counts. ``place``: its number in the file, from 1. ``order``: where it was written."""

    place: int
    event: Event
    sealed: bool
    order: Order


@dataclass
class Lines:
    """``count``: lines of the file. ``lost``: how many are missing where. ``following``: the next number."""

    lines: list[Line] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    count: int = 0
    lost: list[tuple[Order, int]] = field(default_factory=list)
    following: int = 0


@dataclass(frozen=True)
class _Raw:
    """A line as it was found. Without an event it cannot be read; ``usual``: as this program encodes it."""

    place: int
    number: int | None = None
    event: Event | None = None
    usual: bool = True


def read_lines(data: bytes) -> Lines:
    """Read every whole line; what follows the last line feed was torn by a crash, and is no fault."""
    texts = data[: whole_lines(data)].split(b"\n")[:-1]
    raws = [raw for place, text in enumerate(texts, 1) for raw in _raws(place, text)]
    sealed: dict[int, _Raw] = {}
    for raw in raws:
        if raw.number is not None:
            sealed.setdefault(raw.number, raw)
    found = Lines(count=len(texts))
    bad = [raw.place for raw in raws if raw.number is None and raw.event is None]
    if sealed:
        trusted, doubted = _unsealed(raws, sealed)
        _note_gaps(found, sealed, sorted({*bad, *doubted}))
    else:
        trusted = [(-1, raw) for raw in raws if raw.event is not None]
        _note_bad(found, bad, -1)
    orders: list[tuple[Order, _Raw]] = [((number, 0), raw) for number, raw in sealed.items()]
    orders += [((before, raw.place), raw) for before, raw in trusted]
    for order, raw in sorted(orders, key=lambda each: each[0]):
        if raw.event is not None:
            found.lines.append(Line(raw.place, raw.event, raw.number is not None, order))
    return found


def _raws(place: int, text: bytes) -> Iterable[_Raw]:
    number, event = seal_of(text), decode_line(text)
    if number is not None:
        return (_Raw(place, number, event),)
    if event is not None:
        return (_Raw(place, None, event, usual=encode_line(event)[:-1] == text),)
    return tuple(_taken_apart(place, text))


def _taken_apart(place: int, text: bytes) -> Iterator[_Raw]:
    """Lines that lost the line feeds between them. More than those that is unreadable is a fault."""
    pieces = [_START + piece for piece in text.split(_START)[1:]]
    left, found = len(text), list[_Raw]()
    for piece in pieces:
        line = piece[: piece.rfind(b"}") + 1]
        number, event = seal_of(line), decode_line(line)
        if number is not None or event is not None:
            usual = event is not None and encode_line(event)[:-1] == line
            found.append(_Raw(place, number, event, usual))
            left -= len(line)
    if left > len(found) or not found:  # one byte for each line feed
        yield _Raw(place)
    yield from found


def _unsealed(raws: Iterable[_Raw], sealed: dict[int, _Raw]) -> tuple[list[tuple[int, _Raw]], list[int]]:
    """Lines without a seal: those that count, with the number of the sealed line before, and places of others."""
    trusted, doubted = list[tuple[int, _Raw]](), list[int]()
    last, newest = -1, max(sealed)
    for raw in raws:
        if raw.number is not None:
            last = raw.number
        elif raw.event is not None:
            whole = last + 1 in sealed or last == newest
            if whole and (last < 0 or raw.usual):
                trusted.append((last, raw))
            else:
                doubted.append(raw.place)
    return trusted, doubted


def _note_gaps(found: Lines, sealed: dict[int, _Raw], bad: Sequence[int]) -> None:
    """Note which numbers are missing, and name the unreadable lines in their place."""
    before, after = -1, 0
    if 0 in sealed:  # older versions gave no numbers: each of their lines may have been one that counts
        _note_bad(found, bad[: bisect_left(bad, sealed[0].place)], -1)
    for number in sorted(sealed):
        if missing := number - before - 1:
            between = bad[bisect_right(bad, after) : bisect_right(bad, sealed[number].place)][:missing]
            found.faults += [Fault(EVENTS, "the line cannot be read", place) for place in between]
            if missing > len(between):
                found.faults.append(Fault(EVENTS, _missing(missing - len(between), after), after))
            found.lost.append(((before, inf), missing))
        before, after = number, sealed[number].place
    named = {fault.line for fault in found.faults}
    last = max(raw.place for raw in sealed.values())
    behind = [place for place in bad[bisect_left(bad, last) :] if place > last or place not in named]
    _note_bad(found, behind, before)
    found.following = before + 1 + len(behind)


def _note_bad(found: Lines, places: Sequence[int], before: int) -> None:
    """Note unreadable lines behind the sealed line ``before``."""
    found.faults += [Fault(EVENTS, "the line cannot be read", place) for place in places]
    found.lost += [((before, place), 1) for place in places]


def _missing(count: int, after: int) -> str:
    what = "a line is missing" if count == 1 else f"{count} lines are missing"
    return f"{what} after this one" if after else f"{what} at the beginning"
