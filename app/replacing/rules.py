"""What is to be written instead of what is recognised: one rule, and what may be wrong with it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.replacing.folding import folded, one_line

MOST_RULES: Final = 1_000
LONGEST_HEARD: Final = 100
LONGEST_WRITTEN: Final = 1_000
MOST_CHARACTERS: Final = 200_000
"""Of all rules together: the file that has them may not be larger than 1 MiB."""


@dataclass(frozen=True)
class Replacement:
    """``writes`` empty: it is left out. ``whole_word``: not within a longer one, where words have spaces."""

    hears: str
    writes: str = ""
    whole_word: bool = True
    match_case: bool = False


class Wrong(StrEnum):
    """What may be wrong with a rule, as keys of the texts in each language."""

    EMPTY = "empty"  # it hears nothing
    HEARS_LONG = "hears-long"
    WRITES_LONG = "writes-long"
    CONTROL = "control"  # a character that nobody sees
    TWICE = "twice"  # an earlier rule hears the same
    TOO_MANY = "too-many"


def key_of(rule: Replacement) -> tuple[str, bool]:
    """The same for rules that hear the same."""
    return folded(one_line(rule.hears), case=not rule.match_case).plain, rule.match_case


def wrong(rules: Sequence[Replacement]) -> Mapping[int, Wrong]:
    """What is wrong, by the rule's place. Without these all others can be used together."""
    found: dict[int, Wrong] = {}
    heard: set[tuple[str, bool]] = set()
    good = characters = 0
    for place, rule in enumerate(rules):
        size, key = len(rule.hears) + len(rule.writes), key_of(rule)
        if problem := _wrong(rule):
            found[place] = problem
        elif key in heard:
            found[place] = Wrong.TWICE
        elif good >= MOST_RULES or characters + size > MOST_CHARACTERS:
            found[place] = Wrong.TOO_MANY
        else:
            heard.add(key)
            good, characters = good + 1, characters + size
    return found


def _wrong(rule: Replacement) -> Wrong | None:
    if not rule.hears.strip():
        return Wrong.EMPTY
    if len(rule.hears) > LONGEST_HEARD:
        return Wrong.HEARS_LONG
    if len(rule.writes) > LONGEST_WRITTEN:
        return Wrong.WRITES_LONG
    lines = rule.writes.replace("\n", "")
    return Wrong.CONTROL if not all(map(_seen, rule.hears + lines)) else None


def _seen(character: str) -> bool:
    return ord(character) >= 0x20 and not 0x7F <= ord(character) < 0xA0 and not 0xD800 <= ord(character) < 0xE000
