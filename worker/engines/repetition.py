"""Repetitions in recognised text: loops, in which a model repeats itself instead of listening. Pure.

A text is compared in units: words, single characters of scripts without spaces, and numbers.
"""

import re
import zlib
from typing import Final, NamedTuple

from protocol.words import UNSPACED

_LETTERS: Final = rf"[^\W\d_{UNSPACED}]+"
_UNIT: Final = re.compile(
    rf"[{UNSPACED}]"
    r"|([^\W\d_])(?=\1{3})"  # letters of QQQQ
    r"|(?<!\d)\d{1,20}(?!\d)|\d"  # of longer numbers, each digit is a unit
    rf"|(?<!['’]){_LETTERS}(?:['’]{_LETTERS}){{0,3}}(?!['’]?{_LETTERS})|{_LETTERS}"  # loops have more apostrophes
)
_REPEATS: Final = 2
_REPEATED_UNITS: Final = 4
"""Repeated units that make a text doubtful."""
_REPEATED_UNITS_OF_A_LOOP: Final = 8
"""People say "no" six times and give a telephone number of eight equal digits, but hardly more than that."""
_SHORTEST_SENTENCE: Final = 3
_LONGEST_PHRASE: Final = 60
_COMPRESSION: Final = 2.4
"""Whisper's own limit. Speech has 1.1 to 1.8."""


class Repetition(NamedTuple):
    """Phrase that follows itself. ``start`` and ``end`` are the characters of the repetitions after the first.

    ``units``: how many units are repetitions. ``times``: how often the phrase is repeated in full.
    """

    start: int
    end: int
    units: int
    times: int


def repetition(text: str) -> Repetition | None:
    """Return the repetition with the most repeated units; of several, the one with the shortest phrase."""
    found = [(match.start(), match.end()) for match in _UNIT.finditer(text)]
    units = [text[start:end].casefold() for start, end in found]
    best: Repetition | None = None
    for size in range(1, min(_LONGEST_PHRASE, len(units) // 2) + 1):
        last, length = _longest_run([a == b for a, b in zip(units, units[size:], strict=False)])
        if length >= size and (best is None or length > best.units):
            first = last - length + size
            best = Repetition(found[first - 1][1], found[last + size - 1][1], length, length // size)
    return best


def count_units(text: str) -> int:
    """Return how many units a text has."""
    return len(_UNIT.findall(text))


def may_repeat(text: str) -> bool:
    """Return whether two words occur twice in a row, as people and models say them."""
    found = repetition(text)
    return found is not None and found.units >= _REPEATS


def has_repetition(text: str) -> bool:
    """Return whether the text says something twice in a row, or compresses like a loop; people do so as well."""
    found = repetition(text)
    return (found is not None and found.units >= _REPEATED_UNITS) or compression(text) > _COMPRESSION


def is_suspicious(text: str) -> bool:
    """Return whether the text says something three times in a row, or compresses like a loop."""
    return _repeats(text, _REPEATED_UNITS) is not None or compression(text) > _COMPRESSION


def is_loop(text: str) -> bool:
    """Return whether a text is a loop: more repetitions than people make."""
    return _repeats(text, _REPEATED_UNITS_OF_A_LOOP) is not None


def is_only_loop(text: str) -> bool:
    """Return whether a text is one phrase that loops, and nothing else."""
    found = _repeats(text, _REPEATED_UNITS_OF_A_LOOP)
    phrases = found.units / found.times if found else 0
    return found is not None and count_units(text) <= found.units + 2 * phrases


def count_repeats(text: str) -> int:
    """Return how often a text repeats the one phrase that it consists of; 1: no repetition."""
    found = repetition(text)
    whole = found is not None and count_units(text) * found.times == found.units * (found.times + 1)
    return found.times + 1 if found and whole else 1


def with_repeats(text: str, times: int) -> str:
    """Return a text that consists of one repeated phrase, with the phrase as often as given."""
    ends = [match.end() for match in _UNIT.finditer(text)]
    size = len(ends) // count_repeats(text)
    first, second = ends[size - 1], ends[2 * size - 1]
    return text[:first] + text[first:second] * (times - 1) + text[ends[-1] :]


def without_loops(text: str) -> str:
    """Return the text with one occurrence of each phrase that loops."""
    while found := _repeats(text, _REPEATED_UNITS_OF_A_LOOP):
        text = text[: found.start] + text[found.end :]
    return text


def without_repeated_sentences(text: str) -> str:
    """Return a provisional text without repeated sentences; people seldom repeat whole sentences."""
    found = repetition(text)
    if found is None or found.units < max(_REPEATED_UNITS, _SHORTEST_SENTENCE * found.times):
        return text
    return text[: found.start] + text[found.end :]


def compression(text: str) -> float:
    """Return the ratio of the length of the text to its length when compressed."""
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def _repeats(text: str, units: int) -> Repetition | None:
    found = repetition(text)
    return found if found is not None and found.times >= _REPEATS and found.units >= units else None


def _longest_run(matches: list[bool]) -> tuple[int, int]:
    """Return where the longest run of ``True`` ends (excluded), and its length."""
    end, longest, run = 0, 0, 0
    for position, same in enumerate(matches, start=1):
        run = run + 1 if same else 0
        if run > longest:
            end, longest = position, run
    return end, longest
