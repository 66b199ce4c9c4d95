"""Division of a text into subtitles: at words and pauses, in lines that players show whole. Pure.

A subtitle has at most two lines of 42 columns (wide characters take two), and lasts at most 6 s. A longer text is
divided at a long pause, else at the end of a sentence, else at a comma or a short pause, else between two words.
Without times of words, all characters take the same time.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple
from unicodedata import east_asian_width

from protocol.recognition import Word
from protocol.subtitles import Cue

WIDEST: Final = 42
MOST_LINES: Final = 2
LONGEST_MS: Final = 6_000
_PAUSE_MS: Final = 1_000
_SHORT_PAUSE_MS: Final = 300
_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_CLOSING: Final = "!%),.:;?\\]}¢°’”…、。〉》」』】〕！％），．：；？］｝"
_ATOM: Final = re.compile(
    rf"\s*(?:[{_UNSPACED}][{_CLOSING}]*|[^\s{_UNSPACED}{_CLOSING}][^\s{_UNSPACED}]*|[^\s{_UNSPACED}]+)"
)
_MARKS: Final = re.compile(rf"[{_CLOSING}]*")
_SENTENCE: Final = re.compile(r"[.?!。？！…][\"'”’)」』]*$")
_CLAUSE: Final = re.compile(r"[,;:，；：、][\"'”’)」』]*$")


class _Atom(NamedTuple):
    """Part of a text that is never divided, with the space before it."""

    text: str
    start_ms: int
    end_ms: int


class LocatedWord(NamedTuple):
    """Word from code point ``first`` of a text up to ``last``, exclusive, with its times in the segment."""

    first: int
    last: int
    start_ms: int
    end_ms: int


def locate_words(text: str, words: Sequence[Word]) -> list[LocatedWord]:
    """Return the words that occur in the text, in order; capitals may differ."""
    found: list[LocatedWord] = []
    at, plain = 0, text.lower()
    plain = plain if len(plain) == len(text) else text
    for word in words:
        spoken = word.text.strip()
        if spoken and (place := max(plain.find(spoken.lower(), at), text.find(spoken, at))) >= 0:
            at = place + len(spoken)
            found.append(LocatedWord(place, at, word.start_ms, word.end_ms))
    return found


def captions(cue: Cue, words: Sequence[Word] = ()) -> Iterator[Cue]:
    """Cut the text of one segment into subtitles; ``words`` have times from its start."""
    for part in _parts(_atoms(cue, words)):
        end_ms = min(part[-1].end_ms, part[0].start_ms + LONGEST_MS)
        yield Cue(part[0].start_ms, end_ms, "\n".join(_lines(part)))


def estimate_words(cue: Cue) -> tuple[Word, ...]:
    """Return the words of a text without times: all its characters take the same time."""
    return tuple(Word(atom.text.strip(), atom.start_ms, atom.end_ms) for atom in _atoms(cue, ()))


def width(text: str) -> int:
    """Return the width of a text in columns; wide characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _atoms(cue: Cue, words: Sequence[Word]) -> list[_Atom]:
    cue = cue._replace(text=" ".join(cue.text.split()))
    times = _times(cue, locate_words(cue.text, words))
    places = [place for place, _ in times]

    def at(place: int, *, end: bool = False) -> int:
        """Return the time of a place; at a pause, its beginning if ``end``, else its end."""
        after = bisect_right(places, place - end)
        if after == 0 or after == len(times):
            return times[min(after, len(times) - 1)][1]
        (before, since_ms), (following, until_ms) = times[after - 1], times[after]
        return since_ms + (until_ms - since_ms) * (place - before) // (following - before)

    atoms: list[_Atom] = []
    for found in _ATOM.finditer(cue.text):
        for first in range(found.start(), found.end(), WIDEST // 2):
            last = min(first + WIDEST // 2, found.end()) if width(found.group()) > WIDEST else found.end()
            begin = first + (len(cue.text[first:last]) - len(cue.text[first:last].lstrip()))
            atoms.append(_Atom(cue.text[first:last], at(begin), at(last, end=True)))
            if last == found.end():
                break
    return atoms


def _times(cue: Cue, words: Sequence[LocatedWord]) -> list[tuple[int, int]]:
    """Return places in the text with their times, both ascending."""
    known = [(0, cue.start_ms)] if not words or words[0].first else []
    for word in words:
        marks = _MARKS.match(cue.text, word.last)
        last = marks.end() if marks else word.last  # punctuation takes no time
        known += [(word.first, cue.start_ms + word.start_ms), (last, cue.start_ms + word.end_ms)]
    rest = cue.text[known[-1][0] :]
    if rest:
        spoken = any(map(str.isalnum, rest))  # punctuation takes no time
        known.append((len(cue.text), cue.end_ms if spoken else known[-1][1]))
    latest, times = cue.start_ms, list[tuple[int, int]]()
    for place, ms in known:
        latest = max(latest, min(ms, max(cue.end_ms, cue.start_ms)))
        times.append((place, latest))
    return times


def _parts(atoms: list[_Atom]) -> Iterator[list[_Atom]]:
    pending = [atoms] if atoms else []
    while pending:
        part = pending.pop()
        if len(part) == 1 or _fits(part):
            yield part
        else:
            place = _break(part)
            pending += [part[place:], part[:place]]


def _fits(atoms: Sequence[_Atom]) -> bool:
    if atoms[-1].end_ms - atoms[0].start_ms > LONGEST_MS or any(pause > _PAUSE_MS for pause in _pauses(atoms)):
        return False
    return (
        sum(width(atom.text) for atom in atoms) <= MOST_LINES * (WIDEST + 1) and len(_lines(atoms)) <= MOST_LINES
    )


def _pauses(atoms: Sequence[_Atom]) -> list[int]:
    return [after.start_ms - before.end_ms for before, after in zip(atoms, atoms[1:], strict=False)]


def _lines(atoms: Sequence[_Atom]) -> list[str]:
    """Return the text in one line, in two of similar length or after a clause, or in as many as it needs."""
    whole = _text(atoms)
    if width(whole) <= WIDEST or len(atoms) == 1:
        return [whole]
    halves = [[_text(atoms[:place]), _text(atoms[place:])] for place in range(1, len(atoms))]
    fitting = [lines for lines in halves if max(map(width, lines)) <= WIDEST]
    if fitting:
        return min(fitting, key=_line_penalty)
    place = _break(atoms)
    return [*_lines(atoms[:place]), *_lines(atoms[place:])]


def _line_penalty(lines: Sequence[str]) -> tuple[bool, int]:
    """Return a penalty for two lines: lowest after a clause, unless one line is thrice as long as the other."""
    shorter, longer = sorted(map(width, lines))
    after_clause = _CLAUSE.search(lines[0]) or _SENTENCE.search(lines[0])
    return not after_clause or longer > 3 * shorter, longer - shorter


def _break(atoms: Sequence[_Atom]) -> int:
    """Return the index of the atom before which a text is best divided."""
    pauses, widths = _pauses(atoms), [*accumulate(width(atom.text) for atom in atoms)]

    def cost(place: int) -> tuple[int, float]:
        before, pause = atoms[place - 1].text, pauses[place - 1]
        if pause > _PAUSE_MS:
            rank = 0
        elif _SENTENCE.search(before):
            rank = 1
        elif pause > _SHORT_PAUSE_MS or _CLAUSE.search(before):
            rank = 2
        else:
            rank = 3
        return rank, abs(widths[place - 1] - widths[-1] / 2)

    return min(range(1, len(atoms)), key=cost)


def _text(atoms: Sequence[_Atom]) -> str:
    return "".join(atom.text for atom in atoms).strip()
