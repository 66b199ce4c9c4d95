"""Trial of rules on the history: request and results, as values. Pure."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.replacements.rules import Replacement

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
