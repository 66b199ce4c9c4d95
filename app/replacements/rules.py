"""Replacement rules for recognised text, their problems, drafts and trials, and texts in normal form. Pure.

Letters are decomposed (``é`` becomes ``e`` and a mark), so that both spellings are equal.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

_WIDTHS: Final = ("<wide>", "<narrow>")


class FoldedText(NamedTuple):
    """Normalised text with a mapping of positions.

    ``places``: for each character of ``plain`` its position in the text, then the text's length. ``firsts``: for
    each position of the text its first character in ``plain``, then the length of ``plain``.
    """

    plain: str
    places: Sequence[int]
    firsts: Sequence[int]


def folded(text: str, *, case: bool) -> FoldedText:
    """Normalise a text; with ``case``, also ignore case and width."""
    if text.isascii():
        whole = range(len(text) + 1)
        return FoldedText(_spaces(text.lower() if case else text), whole, whole)
    fold = _plain if case else _decomposed
    parts = [fold(character) for character in text]
    places, firsts = list[int](), list[int]()
    for place, part in enumerate(parts):
        firsts.append(len(places))
        places += [place] * len(part)
    return FoldedText("".join(parts), [*places, len(text)], [*firsts, len(places)])


def one_line(text: str) -> str:
    """Replace every run of whitespace by one space."""
    return " ".join(text.split())


def _spaces(text: str) -> str:
    return "".join(" " if char.isspace() else char for char in text) if not text.isprintable() else text


@lru_cache(maxsize=4_096)
def _decomposed(character: str) -> str:
    return " " if character.isspace() else unicodedata.normalize("NFD", character)


@lru_cache(maxsize=4_096)
def _plain(character: str) -> str:
    width, _, codes = unicodedata.decomposition(character).partition(" ")
    narrow = "".join(chr(int(code, 16)) for code in codes.split()) if width in _WIDTHS else character
    return _decomposed(narrow) if narrow.isspace() else unicodedata.normalize("NFD", narrow.casefold())


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


def key_of(rule: Replacement) -> tuple[str, bool]:
    """Return a key that is equal for rules that match the same words."""
    return folded(one_line(rule.hears), case=not rule.match_case).plain, rule.match_case


def wrong(rules: Sequence[Replacement]) -> Mapping[int, str]:
    """Return the problems by rule number, as parts of the keys of texts.

    The remaining rules are valid together.
    """
    found: dict[int, str] = {}
    heard: set[tuple[str, bool]] = set()
    good = characters = 0
    for place, rule in enumerate(rules):
        size, key = len(rule.hears) + len(rule.writes), key_of(rule)
        if problem := _wrong(rule):
            found[place] = problem
        elif key in heard:
            found[place] = "twice"
        elif good >= MOST_RULES or characters + size > MOST_CHARACTERS:
            found[place] = "too-many"
        else:
            heard.add(key)
            good, characters = good + 1, characters + size
    return found


def _wrong(rule: Replacement) -> str | None:
    if not rule.hears.strip():
        return "empty"
    if len(rule.hears) > LONGEST_HEARD:
        return "hears-long"
    if len(rule.writes) > LONGEST_WRITTEN:
        return "writes-long"
    lines = rule.writes.replace("\n", "")
    return "control" if not all(map(_is_visible, rule.hears + lines)) else None


def _is_visible(character: str) -> bool:
    return ord(character) >= 0x20 and not 0x7F <= ord(character) < 0xA0 and not 0xD800 <= ord(character) < 0xE000


class Draft:
    """Rules being edited.

    ``fresh``: the row added last, which takes effect only after ``finish``. Otherwise a row whose replacement is
    not typed yet would delete the recognised words.
    """

    def __init__(self, rules: Iterable[Replacement] = ()) -> None:
        self.rules = list(rules)
        self.fresh: int | None = None
        self._wrong: Mapping[int, str] = {}
        self._check()

    @property
    def wrong(self) -> Mapping[int, str]:
        """Problems by row.

        A fresh row may still be empty.
        """
        return {row: why for row, why in self._wrong.items() if row != self.fresh or why != "empty"}

    @property
    def counting(self) -> tuple[Replacement, ...]:
        """Rules that are to take effect."""
        return tuple(self.rules[row] for row in self.tried if row != self.fresh)

    @property
    def tried(self) -> tuple[int, ...]:
        """Numbers of all valid rows, including a fresh one."""
        return tuple(row for row in range(len(self.rules)) if row not in self._wrong)

    def add(self) -> int:
        """Append an empty row, unless the last one is still empty, and return its number."""
        self.finish()
        self.fresh = len(self.rules)
        self.rules.append(Replacement(""))
        self._check()
        return self.fresh

    def finish(self) -> bool:
        """Put the fresh row into effect, or drop an empty one; return whether there was one."""
        row, self.fresh = self.fresh, None
        if row is not None and self.rules[row] == Replacement(""):
            del self.rules[row]
        self._check()
        return row is not None

    def change(self, row: int, **values: Any) -> bool:
        """Change values of a rule and return whether it differs now."""
        before, self.rules[row] = self.rules[row], replace(self.rules[row], **values)
        self._check()
        return before != self.rules[row]

    def remove(self, rows: Iterable[int]) -> None:
        """Remove these rows from the list."""
        gone = set(rows)
        fresh = self.fresh
        self.fresh = None if fresh is None or fresh in gone else fresh - sum(row < fresh for row in gone)
        self.rules = [rule for row, rule in enumerate(self.rules) if row not in gone]
        self._check()

    def merge(self, others: Sequence[Replacement]) -> None:
        """Add rules; each replaces an existing rule for the same words."""
        self.finish()
        new = {key_of(rule): rule for rule in others}
        self.rules = [new.pop(key_of(rule), rule) for rule in self.rules]
        self.rules += new.values()
        self._check()

    def _check(self) -> None:
        self._wrong = wrong(self.rules)


MOST_EXAMPLES: Final = 20
"""Limit per rule; the newest are kept."""
MOST_TAKES: Final = 20_000
"""Limit on takes in a trial; the newest are read."""


@dataclass(frozen=True)
class TryReplacements:
    """Try rules on the history.

    ``serial``: increases with each request; a newer one cancels earlier ones.
    """

    rules: tuple[Replacement, ...]
    serial: int


@dataclass(frozen=True)
class Example:
    """Excerpt of a recognised text and its replacement; the marks are positions in them."""

    session: UUID
    started_s: float
    before: str
    after: str
    before_mark: tuple[int, int]
    after_mark: tuple[int, int]


@dataclass(frozen=True)
class RuleTried:
    """Number of takes that a rule would change, with some examples, newest first."""

    takes: int = 0
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class ReplacementsTried:
    """Result after ``done`` of ``total`` takes: the number changed by all rules together, and by each rule."""

    serial: int
    done: int
    total: int
    takes: int = 0
    rules: tuple[RuleTried, ...] = ()
