"""Rules while somebody edits them: those that cannot be stay beside those that count, and say why. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.replacing.rules import Replacement, Wrong, key_of, wrong


class Draft:
    """``fresh``: the row that was just added, which does not count before it is ``finished``.

    Whoever has not come to what it writes yet would leave out what it hears.
    """

    def __init__(self, rules: Iterable[Replacement] = ()) -> None:
        self.rules = list(rules)
        self.fresh: int | None = None
        self._wrong: Mapping[int, Wrong] = {}
        self._look()

    @property
    def wrong(self) -> Mapping[int, Wrong]:
        """By their rows. A fresh one may still be empty."""
        return {row: why for row, why in self._wrong.items() if row != self.fresh or why is not Wrong.EMPTY}

    @property
    def counting(self) -> tuple[Replacement, ...]:
        """Those that are to be in force."""
        return tuple(self.rules[row] for row in self.tried if row != self.fresh)

    @property
    def tried(self) -> tuple[int, ...]:
        """Rows that can be, a fresh one too."""
        return tuple(row for row in range(len(self.rules)) if row not in self._wrong)

    def add(self) -> int:
        """A row to be filled, at the end; it is there already while nothing is in it."""
        self.finish()
        self.fresh = len(self.rules)
        self.rules.append(Replacement(""))
        self._look()
        return self.fresh

    def finish(self) -> bool:
        """The fresh row is as it is to be; whether there was one. An empty one was not wanted."""
        row, self.fresh = self.fresh, None
        if row is not None and self.rules[row] == Replacement(""):
            del self.rules[row]
        self._look()
        return row is not None

    def change(self, row: int, **values: Any) -> bool:
        """Whether it is another one then."""
        before, self.rules[row] = self.rules[row], replace(self.rules[row], **values)
        self._look()
        return before != self.rules[row]

    def remove(self, rows: Iterable[int]) -> None:
        """Without these."""
        gone = set(rows)
        fresh = self.fresh
        self.fresh = None if fresh is None or fresh in gone else fresh - sum(row < fresh for row in gone)
        self.rules = [rule for row, rule in enumerate(self.rules) if row not in gone]
        self._look()

    def merge(self, others: Sequence[Replacement]) -> None:
        """These too; each takes the place of one that hears the same."""
        self.finish()
        new = {key_of(rule): rule for rule in others}
        self.rules = [new.pop(key_of(rule), rule) for rule in self.rules]
        self.rules += new.values()
        self._look()

    def _look(self) -> None:
        self._wrong = wrong(self.rules)
