"""Search for rules in a text: left to right, longest match first, no overlaps. Pure.

All rules form one tree of characters, so that one pass over the text suffices for any number of rules.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from app.replacements.folding import FoldedText, folded, one_line
from app.replacements.rules import Replacement
from protocol.words import UNSPACED

_APOSTROPHES: Final = frozenset("'\u2019\uff07")
_POINTS: Final = frozenset(".,")
_SPACED: Final = re.compile(f"[^\\W{UNSPACED}]")
_RULE: Final = ""  # key of a rule's number; no character equals it

Tree = dict[str, Any]


class Match(NamedTuple):
    """Match of rule number ``rule`` in the text from ``start`` up to ``end``, exclusive."""

    rule: int
    start: int
    end: int


class Matcher:
    """Search tree of all rules.

    Of rules for the same words, the first counts.
    """

    def __init__(self, rules: Sequence[Replacement]) -> None:
        self._rules = tuple(rules)
        self._exact, self._plain = Tree(), Tree()
        for number, rule in enumerate(self._rules):
            heard = folded(one_line(rule.hears), case=not rule.match_case).plain
            if heard:
                _grow(self._exact if rule.match_case else self._plain, heard, number)

    def matches(self, text: str) -> list[Match]:
        """Return the matches in order."""
        looks = [
            (tree, folded(text, case=case)) for tree, case in ((self._exact, False), (self._plain, True)) if tree
        ]
        found: list[Match] = []
        at = 0
        while looks and at < len(text):
            match = self._longest(text, at, looks)
            if match is not None:
                found.append(match)
            at = match.end if match else at + 1
        return found

    def _longest(self, text: str, at: int, looks: Sequence[tuple[Tree, FoldedText]]) -> Match | None:
        """Return the longest match at this position; of equally long ones, the case-sensitive one."""
        best: Match | None = None
        for tree, look in looks:
            for end, number in reversed(_along(tree, look, at)):
                if best is not None and end <= best.end:
                    break
                if self._may(text, at, end, self._rules[number]):
                    best = Match(number, at, end)
                    break
        return best

    def _may(self, text: str, start: int, end: int, rule: Replacement) -> bool:
        if _is_mark(text[end : end + 1]):  # a combining mark belongs to the letter before it
            return False
        return not rule.whole_word or not (_within_word(text, start) or _within_word(text, end))


def _grow(tree: Tree, heard: str, number: int) -> None:
    for character in heard:
        tree = tree.setdefault(character, {})
    tree.setdefault(_RULE, number)


def _along(tree: Tree, look: FoldedText, at: int) -> list[tuple[int, int]]:
    """Return the rules that match at this position with their ends in the text, shortest first."""
    plain, places = look.plain, look.places
    found: list[tuple[int, int]] = []
    for index in range(look.firsts[at], len(plain)):
        if (below := tree.get(plain[index])) is None:
            break
        tree = below
        if _RULE in tree and places[index + 1] != places[index]:
            found.append((places[index + 1], tree[_RULE]))
    return found


def _within_word(text: str, at: int) -> bool:
    """Return whether the position lies inside a word of a script with spaces."""
    if not 0 < at < len(text):
        return False
    left, right = text[at - 1], text[at]
    if _is_spaced(left):
        return _is_spaced(right) or (_joins(left, right, text[at + 1 : at + 2]))
    return _is_spaced(right) and at > 1 and _joins(text[at - 2], left, right)


def _joins(before: str, between: str, after: str) -> bool:
    """Return whether ``between`` is an apostrophe in a word or a point in a number."""
    if between in _APOSTROPHES:
        return _is_spaced(before) and _is_spaced(after)
    return between in _POINTS and before.isdigit() and after.isdigit()


def _is_spaced(character: str) -> bool:
    return bool(_SPACED.match(character)) or _is_mark(character)


def _is_mark(character: str) -> bool:
    return bool(character) and not character.isascii() and unicodedata.category(character)[0] == "M"
