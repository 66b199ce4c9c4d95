"""Replacement rules while the user edits them: invalid rows stay next to valid ones, with their problems. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.replacements.rules import Replacement, RuleProblem, key_of, wrong


class Draft:
    """Rules being edited.

    ``fresh``: the row added last, which takes effect only after ``finish``. Otherwise a row whose replacement is
    not typed yet would delete the recognised words.
    """

    def __init__(self, rules: Iterable[Replacement] = ()) -> None:
        self.rules = list(rules)
        self.fresh: int | None = None
        self._wrong: Mapping[int, RuleProblem] = {}
        self._look()

    @property
    def wrong(self) -> Mapping[int, RuleProblem]:
        """Problems by row.

        A fresh row may still be empty.
        """
        return {row: why for row, why in self._wrong.items() if row != self.fresh or why is not RuleProblem.EMPTY}

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
        self._look()
        return self.fresh

    def finish(self) -> bool:
        """Put the fresh row into effect, or drop an empty one; return whether there was one."""
        row, self.fresh = self.fresh, None
        if row is not None and self.rules[row] == Replacement(""):
            del self.rules[row]
        self._look()
        return row is not None

    def change(self, row: int, **values: Any) -> bool:
        """Change values of a rule and return whether it differs now."""
        before, self.rules[row] = self.rules[row], replace(self.rules[row], **values)
        self._look()
        return before != self.rules[row]

    def remove(self, rows: Iterable[int]) -> None:
        """Remove these rows from the list."""
        gone = set(rows)
        fresh = self.fresh
        self.fresh = None if fresh is None or fresh in gone else fresh - sum(row < fresh for row in gone)
        self.rules = [rule for row, rule in enumerate(self.rules) if row not in gone]
        self._look()

    def merge(self, others: Sequence[Replacement]) -> None:
        """Add rules; each replaces an existing rule for the same words."""
        self.finish()
        new = {key_of(rule): rule for rule in others}
        self.rules = [new.pop(key_of(rule), rule) for rule in self.rules]
        self.rules += new.values()
        self._look()

    def _look(self) -> None:
        self._wrong = wrong(self.rules)
