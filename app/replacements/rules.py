"""Replacement rules for recognised text, and their possible problems. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.replacements.folding import folded, one_line

MOST_RULES: Final = 1_000
LONGEST_HEARD: Final = 100
LONGEST_WRITTEN: Final = 1_000
MOST_CHARACTERS: Final = 200_000
"""Limit for all rules together, because their file may not exceed 1 MiB."""


@dataclass(frozen=True)
class Replacement:
    """Rule that writes ``writes`` for ``hears``; an empty ``writes`` deletes it.

    ``whole_word``: match no part of a longer word, in scripts with spaces.
    """

    hears: str
    writes: str = ""
    whole_word: bool = True
    match_case: bool = False


class RuleProblem(StrEnum):
    """Problems of a rule, as keys of the texts in each language."""

    EMPTY = "empty"  # no words to match
    HEARS_LONG = "hears-long"
    WRITES_LONG = "writes-long"
    CONTROL = "control"  # an invisible character
    TWICE = "twice"  # an earlier rule matches the same words
    TOO_MANY = "too-many"


def key_of(rule: Replacement) -> tuple[str, bool]:
    """Return a key that is equal for rules that match the same words."""
    return folded(one_line(rule.hears), case=not rule.match_case).plain, rule.match_case


def wrong(rules: Sequence[Replacement]) -> Mapping[int, RuleProblem]:
    """Return the problems by rule number.

    The remaining rules are valid together.
    """
    found: dict[int, RuleProblem] = {}
    heard: set[tuple[str, bool]] = set()
    good = characters = 0
    for place, rule in enumerate(rules):
        size, key = len(rule.hears) + len(rule.writes), key_of(rule)
        if problem := _wrong(rule):
            found[place] = problem
        elif key in heard:
            found[place] = RuleProblem.TWICE
        elif good >= MOST_RULES or characters + size > MOST_CHARACTERS:
            found[place] = RuleProblem.TOO_MANY
        else:
            heard.add(key)
            good, characters = good + 1, characters + size
    return found


def _wrong(rule: Replacement) -> RuleProblem | None:
    if not rule.hears.strip():
        return RuleProblem.EMPTY
    if len(rule.hears) > LONGEST_HEARD:
        return RuleProblem.HEARS_LONG
    if len(rule.writes) > LONGEST_WRITTEN:
        return RuleProblem.WRITES_LONG
    lines = rule.writes.replace("\n", "")
    return RuleProblem.CONTROL if not all(map(_seen, rule.hears + lines)) else None


def _seen(character: str) -> bool:
    return ord(character) >= 0x20 and not 0x7F <= ord(character) < 0xA0 and not 0xD800 <= ord(character) < 0xE000
