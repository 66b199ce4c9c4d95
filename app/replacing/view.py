"""Trying rules on the history: what is asked, and what is shown of it. Pure."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.replacing.rules import Replacement

MOST_EXAMPLES: Final = 20
"""Of each rule, the newest."""
MOST_TAKES: Final = 20_000
"""The newest are looked at."""


@dataclass(frozen=True)
class TryReplacements:
    """What would these rules have changed? ``serial``: a higher one for each newer question, which ends others."""

    rules: tuple[Replacement, ...]
    serial: int


@dataclass(frozen=True)
class Example:
    """Part of what was recognised in a take, and what would have been written; the marks are places in them."""

    session: UUID
    started_s: float
    before: str
    after: str
    before_mark: tuple[int, int]
    after_mark: tuple[int, int]


@dataclass(frozen=True)
class RuleTried:
    """How many takes a rule would change, and some of them, the newest first."""

    takes: int = 0
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class ReplacementsTried:
    """After ``done`` of ``total`` takes: how many all rules together would change, and what each would."""

    serial: int
    done: int
    total: int
    takes: int = 0
    rules: tuple[RuleTried, ...] = ()
