"""Search for rules in a text, and their application in one pass: no rule sees the output of another. Pure.

Deleting words also deletes their comma and space, and passes their capital on to the next word. Inserted
punctuation is placed as usual. Nothing else changes.

The longest match counts, from left to right. All rules form one tree of characters, so that one pass over the
text suffices for any number of rules.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from app.replacements.rules import FoldedText, Replacement, folded, one_line
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
        searches = [
            (tree, folded(text, case=case)) for tree, case in ((self._exact, False), (self._plain, True)) if tree
        ]
        found: list[Match] = []
        at = 0
        while searches and at < len(text):
            match = self._longest(text, at, searches)
            if match is not None:
                found.append(match)
            at = match.end if match else at + 1
        return found

    def _longest(self, text: str, at: int, searches: Sequence[tuple[Tree, FoldedText]]) -> Match | None:
        """Return the longest match at this position; of equally long ones, the case-sensitive one."""
        best: Match | None = None
        for tree, form in searches:
            for end, number in reversed(_matching_rules(tree, form, at)):
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


def _matching_rules(tree: Tree, form: FoldedText, at: int) -> list[tuple[int, int]]:
    """Return the rules that match at this position with their ends in the text, shortest first."""
    plain, places = form.plain, form.places
    found: list[tuple[int, int]] = []
    for index in range(form.firsts[at], len(plain)):
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


_WIDE_PAUSES: Final = "，、；："
_WIDE_ENDS: Final = "。！？…"
_PAUSES: Final = frozenset(_WIDE_PAUSES + ",;:")
_ENDS: Final = frozenset(_WIDE_ENDS + ".!?")
_OPENING: Final = frozenset("([{“‘（「『《〈【")
_SECOND: Final = frozenset(")]}”）」』》〉】")  # of a pair
_CLOSING: Final = _PAUSES | _ENDS | _SECOND | {"\n"}
_WHITE: Final = re.compile(r"\s*")
_PAUSE: Final = re.compile(rf"\s*(?:[{_WIDE_PAUSES}]|[,;:](?=\s|$))")
_END: Final = re.compile(rf"\s*(?:[{_WIDE_ENDS}]|[.!?](?=\s|$))")
_LAST: Final = re.compile(rf"{_END.pattern}|\s*$")
_MARKS: Final = re.compile(rf"\s*(?:[{_WIDE_PAUSES}{_WIDE_ENDS}]|[,;:.!?]+(?=\s|$))*\s*")


@dataclass(frozen=True)
class AppliedRule:
    """Change that rule number ``rule`` made.

    The old text from ``start`` to ``end`` became the new text from ``at`` to ``until``.
    """

    rule: int
    start: int
    end: int
    at: int
    until: int


@dataclass(frozen=True)
class ReplacedText:
    """New text with its changes."""

    text: str
    hits: tuple[AppliedRule, ...] = ()


class Replacer:
    """Function that applies rules to a text: ``replacer(text)``.

    The result may be empty.
    """

    def __init__(self, rules: Iterable[Replacement] = ()) -> None:
        self.rules = tuple(rules)
        self._matcher = Matcher(self.rules)

    def __call__(self, text: str) -> str:
        """Return the text with all rules applied once."""
        return self.apply(text).text

    def apply(self, text: str) -> ReplacedText:
        """Return the text with all rules applied once, and the changes."""
        matches = self._matcher.matches(text) if self.rules else []
        return _Writing(text, self.rules).apply(matches) if matches else ReplacedText(text)


class LiveReplacer:
    """``Replacer`` that follows changes of the rules."""

    def __init__(self, rules: Callable[[], tuple[Replacement, ...]]) -> None:
        self._rules = rules
        self._replacer = Replacer()

    def __call__(self, text: str) -> str:
        """Return the text with all current rules applied once."""
        rules = self._rules()
        if rules is not self._replacer.rules:
            self._replacer = Replacer(rules)
        return self._replacer(text)


class _Writing:
    """Pass over one text.

    ``_done``: position already copied. ``_capital``: the next word begins a sentence.
    """

    def __init__(self, text: str, rules: Sequence[Replacement]) -> None:
        self._text, self._rules = text, rules
        self._out = ""
        self._done = 0
        self._capital = False
        self._hits: list[AppliedRule] = []

    def apply(self, matches: Sequence[Match]) -> ReplacedText:
        """Apply the matches and return the result."""
        for match in matches:
            if match.start < self._done:  # this mark was deleted together with the words before it
                continue
            self._append(self._text[self._done : match.start])
            self._done = match.end
            said = self._replacement(match)
            if not said:
                self._leave_out(match)
            elif all(not character.isalnum() for character in said):
                self._make_room(said)
            at = len(self._out)
            self._append(said)
            self._hits.append(AppliedRule(match.rule, match.start, match.end, at, len(self._out)))
        self._append(self._text[self._done :])
        return ReplacedText(self._out, tuple(self._hits))

    def _append(self, text: str) -> None:
        if text and self._capital:
            text, self._capital = _capitalised(text), False
        self._out += text

    def _replacement(self, match: Match) -> str:
        """Return the replacement, with a capital at the start of a sentence."""
        rule = self._rules[match.rule]
        if not rule.writes:
            return ""
        if not _is_lower(rule) or rule.writes != rule.writes.lower():
            self._capital = False  # the rule decides the case, as in iPhone
            return rule.writes
        return _capitalised(rule.writes) if self._begins() and self._text[match.start].isupper() else rule.writes

    def _begins(self) -> bool:
        """Return whether a sentence, or what is in brackets or quotes, begins here."""
        before = self._out.rstrip()
        if not before or self._out[-1] in _OPENING | {'"'} or "\n" in self._out[len(before) :]:
            return True
        return before[-1] in _WIDE_ENDS or (before[-1] in _ENDS and len(before) < len(self._out))

    def _leave_out(self, match: Match) -> None:
        """Close the gap that deleted words leave."""
        before = self._out.rstrip()[-1:]
        if self._begins():
            rule = self._rules[match.rule]
            self._capital = self._capital or (self._text[match.start].isupper() and _is_lower(rule))
            self._skip(_MARKS)
        elif before in _PAUSES and not self._skip(_PAUSE) and _LAST.match(self._text, self._done):
            self._take_back(self._out.rstrip()[:-1].rstrip())
        if not self._out or self._out[-1].isspace():
            self._skip(_WHITE)
        if self._text[self._done : self._done + 1] in _CLOSING | {""}:
            self._take_back(self._out.rstrip(" "))

    def _make_room(self, mark: str) -> None:
        """Adjust the spaces around a mark, and prevent double marks.

        A closing mark has no space before it, an opening one has none after it.
        """
        opens, closes = mark[-1] in _OPENING, mark[0] in _CLOSING
        if closes:
            before = self._out.rstrip(" ")
            self._take_back(before[:-1] if before[-1:] in _PAUSES else before)
        if opens or (closes and mark[0] not in _SECOND):  # a bracket that closes may be followed by a mark
            self._skip(_PAUSE) or opens or self._skip(_END)
        if opens or mark[-1] == "\n" or mark[-1] in _WIDE_PAUSES + _WIDE_ENDS:
            self._skip(_WHITE)

    def _take_back(self, out: str) -> None:
        """Shorten the output to ``out`` and adjust the last change."""
        self._out = out
        if self._hits and (last := self._hits[-1]).until > len(out):  # whitespace or a mark
            self._hits[-1] = replace(last, at=min(last.at, len(out)), until=len(out))

    def _skip(self, what: re.Pattern[str]) -> bool:
        """Skip a pattern in the text and return whether it was there."""
        found = what.match(self._text, self._done)
        before, self._done = self._done, found.end() if found else self._done
        return self._done > before


def _is_lower(rule: Replacement) -> bool:
    return not rule.match_case and rule.hears == rule.hears.lower()


def _capitalised(text: str) -> str:
    first = text[0].upper()
    return first + text[1:] if len(first) == 1 else text
