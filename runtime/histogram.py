"""Histograms of durations: cheap to update, readable from any thread."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from typing import Final

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Bounds for delays that users notice."""


@dataclass(frozen=True)
class HistogramSnapshot:
    """Snapshot of a histogram. ``buckets``: each bound with the count of values up to it; the last is infinite."""

    buckets: tuple[tuple[float, int], ...]
    sum: float

    @property
    def count(self) -> int:
        """Number of all values."""
        return self.buckets[-1][1]

    @property
    def bounds(self) -> tuple[float, ...]:
        """The finite bounds, ascending."""
        return tuple(bound for bound, _ in self.buckets[:-1])


class Histogram:
    """Histogram with ascending ``bounds``, written by one thread."""

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Count a value; a value equal to a bound belongs to that bound's bucket."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def add_all(self, other: HistogramSnapshot) -> None:
        """Count all values of a histogram with the same bounds."""
        before = 0
        for index, (_, until) in enumerate(other.buckets):
            self._counts[index] += until - before
            before = until
        self._sum += other.sum

    def read(self) -> HistogramSnapshot:
        """Return a snapshot of all values so far."""
        return HistogramSnapshot(
            tuple(zip((*self._bounds, inf), accumulate(self._counts), strict=True)), self._sum
        )
