"""Alignment of a recognised text with the spoken one: errors, and full stops at pauses and sentence ends. Pure.

Units are words in English and characters in Mandarin, without case and punctuation. Figures are read out
(``numbers``), in the spoken text and in the recognised one. A full stop is one of
``. 。 ? ! …``, but not the point within a number.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from benchmarks.fidelity.numbers import read_out

_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LETTER: Final = re.compile(r"[^\W_]")
_STOP: Final = re.compile(r"(?<!\d)[.。?!]|[.。?!](?!\d)")
_DRAWS: Final = 10_000
_LOOP: Final = 4
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


class Unit(NamedTuple):
    """A word or character, and its place in the normalised text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Counts:
    """Figures of one text, or sums of several.

    ``pauses`` and ``ends``: pauses within sentences and ends of sentences in the spoken text.
    """

    errors: int = 0
    units: int = 0
    pauses: int = 0
    false_stops: int = 0
    ends: int = 0
    missing_stops: int = 0
    foreign: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        mine, its = vars(self), vars(other)
        return Counts(**{name: mine[name] + its[name] for name in mine})


def normalised(text: str, language: str) -> str:
    """Return the text with numbers in words, and compatible forms of characters: half-width letters and marks."""
    return read_out(unicodedata.normalize("NFKC", text), language)


def units(text: str, language: str) -> list[Unit]:
    """Split a normalised text into words, or for ``zh`` into characters."""
    pattern = _LETTER if language == "zh" else _WORD
    return [Unit(_plain(match.group()), match.start(), match.end()) for match in pattern.finditer(text)]


def _plain(word: str) -> str:
    return word.lower().replace("'", "").replace("’", "")


def aligned(spoken: Sequence[str], heard: Sequence[str]) -> tuple[int, list[int]]:
    """Return the edit distance, and for each boundary of ``spoken`` the number of ``heard`` units before it.

    There is one more boundary than units. Inserted units belong before a boundary.
    """
    cost = np.zeros((len(spoken) + 1, len(heard) + 1), np.int64)
    cost[:, 0], cost[0] = np.arange(len(spoken) + 1), np.arange(len(heard) + 1)
    for row, wanted in enumerate(spoken, start=1):
        for column, got in enumerate(heard, start=1):
            changed = cost[row - 1, column - 1] + (wanted != got)
            cost[row, column] = min(changed, cost[row - 1, column] + 1, cost[row, column - 1] + 1)
    row, column = len(spoken), len(heard)
    before = [0] * row + [column]
    while row:
        if column and cost[row, column] == cost[row - 1, column - 1] + (spoken[row - 1] != heard[column - 1]):
            row, column = row - 1, column - 1
            before[row] = column
        elif cost[row, column] == cost[row - 1, column] + 1:
            row -= 1
            before[row] = column
        else:
            column -= 1
    return int(cost[-1, -1]), before


def compare(text: str, pauses: Iterable[str], heard: str, language: str) -> Counts:
    """Compare a recognised text with the spoken text. ``pauses``: the text before each pause."""
    text, heard = normalised(text, language), normalised(heard, language)
    spoken, got = units(text, language), units(heard, language)
    errors, before = aligned([unit.text for unit in spoken], [unit.text for unit in got])
    stops = {number for number in range(1, len(spoken) + 1) if _has_stop(_gap(text, spoken, number))}
    silent = {len(units(normalised(pause, language), language)) for pause in pauses} - stops
    written = {number for number in stops | silent if got and _has_stop(_gap(heard, got, before[number]))}
    return Counts(
        errors=errors,
        units=len(spoken),
        pauses=len(silent),
        false_stops=len(silent & written),
        ends=len(stops),
        missing_stops=len(stops - written),
        foreign=foreign_characters(heard),
    )


def _gap(text: str, found: Sequence[Unit], number: int) -> str:
    """Return the text between unit ``number - 1`` and its successor, with the characters around."""
    start = found[number - 1].end if number else 0
    end = found[number].start if number < len(found) else len(text)
    return text[max(0, start - 1) : end + 1]


def _has_stop(gap: str) -> bool:
    return bool(_STOP.search(gap))


def foreign_characters(text: str) -> int:
    """Count the letters that are neither Han nor Latin without accents: no other is written here."""
    letters = (character for character in text if unicodedata.category(character).startswith("L"))
    return sum(not (letter.isascii() or _HAN.match(letter)) for letter in letters)


def upper_bound(pairs: Sequence[tuple[Counts, Counts]]) -> float:
    """Return the upper end of the 95 % interval of the difference of error rates, first minus second.

    Paired bootstrap over texts (Bisani and Ney, 2004), percentile 97.5.
    """
    difference = np.array([first.errors - second.errors for first, second in pairs])
    length = np.array([first.units for first, _ in pairs])
    drawn = np.random.default_rng(1).integers(0, len(pairs), (_DRAWS, len(pairs)))
    return float(np.percentile(difference[drawn].sum(axis=1) / length[drawn].sum(axis=1), 97.5))


def repeats(text: str, language: str) -> bool:
    """Return whether the text is a loop: one to six units that occur four times in a row."""
    found = [unit.text for unit in units(normalised(text, language), language)]
    for size in range(1, 7):
        same = 0
        for one, other in zip(found, found[size:], strict=False):
            same = same + 1 if one == other else 0
            if same >= size * (_LOOP - 1):
                return True
    return False
