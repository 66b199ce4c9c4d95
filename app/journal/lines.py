"""Read the lines of a journal in order, each once, and find missing lines and other faults. Pure.

Sealed lines are numbered without gaps, so every lost line is noticed. Unsealed lines come from older versions.
They are valid before the first sealed line, between two consecutive sealed lines, and after the last one. After
a sealed line they must be written exactly as older versions write them. Lines joined by a damaged line feed are
split again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

from app.journal.disk import AUDIO, EVENTS
from app.journal.events import Event, decode_line, encode_line, seal_of, whole_lines

MOST_NAMED: Final = 20


@dataclass(frozen=True)
class Fault:
    """A part of a recording that cannot be read. ``line``: its line in the file, or 0."""

    file: str
    what: str
    line: int = 0

    @property
    def place(self) -> str:
        """The name of the file, with the line if known."""
        return f"{self.file}, line {self.line}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def fault_sentences(faults: tuple[Fault, ...]) -> list[str]:
    """Return a sentence for each fault, and a count in place of the last ones if there are very many."""
    more = len(faults) - MOST_NAMED
    return [*map(str, faults[:MOST_NAMED]), *([f"and {more} more"] if more > 0 else [])]


def audio_ends_early(size: int, expected: int) -> Fault:
    """Return the fault of audio that is shorter than the ``expected`` bytes."""
    return Fault(AUDIO, f"the audio ends at byte {size}, but {expected} bytes were recorded")


def audio_goes_on(size: int, expected: int) -> Fault:
    """Return the fault of audio that is longer than the ``expected`` bytes."""
    return Fault(AUDIO, f"the audio has {size} bytes, but only {expected} were recorded")


_START = b'{"type":"'


Order = tuple[int, float]
"""The number of the line, or of the sealed line before it; then, for unsealed lines, the place in the file."""


@dataclass(frozen=True)
class JournalLine:
    """A valid line. ``place``: its number in the file, from 1. ``order``: its position among all lines."""

    place: int
    event: Event
    sealed: bool
    order: Order


@dataclass
class JournalLines:
    """The lines of a journal. ``count``: lines of the file. ``lost``: positions of missing lines, and how many.

    ``following``: the number of the next line.
    """

    count: int
    lines: list[JournalLine] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lost: list[tuple[Order, int]] = field(default_factory=list)
    following: int = 0


@dataclass(frozen=True)
class _Raw:
    """A line as found in the file. ``event`` is ``None`` if the line is unreadable."""

    place: int
    number: int | None = None
    event: Event | None = None
    text: bytes = b""

    @property
    def usual(self) -> bool:
        """True if the line is written exactly as this program encodes it."""
        return self.event is not None and encode_line(self.event) == self.text + b"\n"


def read_lines(data: bytes) -> JournalLines:
    """Read every whole line. Bytes after the last line feed were torn by a crash and are not a fault."""
    texts = data[: whole_lines(data)].split(b"\n")[:-1]
    raws = [raw for place, text in enumerate(texts, 1) for raw in _raws(place, text)]
    sealed: dict[int, _Raw] = {}
    for raw in raws:
        if raw.number is not None:
            sealed.setdefault(raw.number, raw)
    found = JournalLines(count=len(texts))
    if sealed:
        trusted, bad = _unsealed_lines(raws, sealed)
        _note_gaps(found, sealed, bad)
    else:
        trusted = [(-1, raw) for raw in raws if raw.event is not None]
        _note_bad(found, [raw.place for raw in raws if raw.event is None], -1)
    orders: list[tuple[Order, _Raw]] = [((number, 0), raw) for number, raw in sealed.items()]
    orders += [((before, raw.place), raw) for before, raw in trusted]
    for order, raw in sorted(orders, key=lambda each: each[0]):
        if raw.event is not None:
            found.lines.append(JournalLine(raw.place, raw.event, raw.number is not None, order))
    return found


def _raws(place: int, text: bytes) -> Iterable[_Raw]:
    return [whole] if (whole := _readable(place, text)) else [*_split_joined(place, text)]


def _readable(place: int, text: bytes) -> _Raw | None:
    number, event = seal_of(text), decode_line(text)
    return None if number is None and event is None else _Raw(place, number, event, text)


def _split_joined(place: int, text: bytes) -> Iterator[_Raw]:
    """Split lines that lost the line feeds between them. Yield a fault if other bytes remain unreadable."""
    pieces = [_START + piece for piece in text.split(_START)[1:]]
    left, found = len(text), list[_Raw]()
    for piece in pieces:
        line = piece[: piece.rfind(b"}") + 1]
        if raw := _readable(place, line):
            found.append(raw)
            left -= len(line)
    if left > len(found) or not found:  # allow one byte per lost line feed
        yield _Raw(place)
    yield from found


def _unsealed_lines(raws: Iterable[_Raw], sealed: dict[int, _Raw]) -> tuple[list[tuple[int, _Raw]], list[int]]:
    """Return the valid unsealed lines and the places of the others.

    With each valid line comes the number of the sealed line before it.
    """
    trusted, others = list[tuple[int, _Raw]](), dict[int, None]()
    last, newest = -1, max(sealed)
    for raw in raws:
        if raw.number is not None:
            last = raw.number
        elif raw.event and (last < 0 or raw.usual) and (last + 1 in sealed or last == newest):
            trusted.append((last, raw))
        else:
            others[raw.place] = None
    return trusted, list(others)


def _note_gaps(found: JournalLines, sealed: dict[int, _Raw], bad: Sequence[int]) -> None:
    """Record missing numbers as faults, and name the unreadable lines at those positions."""
    before, after = -1, 0
    if 0 in sealed:  # older versions wrote no numbers: any of their lines may have been valid
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
    behind = [place for place in bad[bisect_left(bad, last) :] if place not in named]
    _note_bad(found, behind, before)
    found.following = before + 1 + len(behind)


def _note_bad(found: JournalLines, places: Sequence[int], before: int) -> None:
    """Record unreadable lines after the sealed line ``before``."""
    found.faults += [Fault(EVENTS, "the line cannot be read", place) for place in places]
    found.lost += [((before, place), 1) for place in places]


def _missing(count: int, after: int) -> str:
    what = "a line is missing" if count == 1 else f"{count} lines are missing"
    return f"{what} after this one" if after else f"{what} at the beginning"
