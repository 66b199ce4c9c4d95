"""Puts the clocks of several computers side by side by causality: what was sent is not received before. Pure.

Every duration is measured on one clock, by one process. Between two clocks it is only known that a message arrives
after it was sent: each message there is a bound, each one back is another, and between them lies the difference.
As nothing says which way took longer, the middle is taken. A computer's time of day is used for its own lines
only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Bounds:
    """Between which the difference of two clocks lies; ``None``: nothing is known."""

    least: float | None = None
    most: float | None = None

    def but_at_least(self, least: float | None) -> "Bounds":
        """Narrower."""
        known = [one for one in (self.least, least) if one is not None]
        return Bounds(max(known, default=None), self.most)

    def but_at_most(self, most: float | None) -> "Bounds":
        """Narrower."""
        known = [one for one in (self.most, most) if one is not None]
        return Bounds(self.least, min(known, default=None))

    @property
    def middle(self) -> float | None:
        """The best guess. Where bounds cross, a clock was not even: the later message counts."""
        if self.least is None or self.most is None:
            return self.most if self.least is None else self.least
        return (self.least + self.most) / 2 if self.least <= self.most else self.most


def less(one: float | None, other: float | None) -> float | None:
    """``one - other``, where both are known."""
    return None if one is None or other is None else one - other


def ahead(samples: Iterable[float]) -> float:
    """How far the clock of a computer is behind, of what single lines say."""
    known: Sequence[float] = sorted(samples)
    return median(known) if known else 0.0
