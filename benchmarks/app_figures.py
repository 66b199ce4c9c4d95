"""A figure with its budget."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import describe
from loadtest.figures import percentile

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Figure:
    """``budget``: at most so much; ``None``: there is none. ``of``: how many were measured."""

    what: str
    value: float
    unit: str
    budget: float | None = None
    of: int = 1
    beside: str = ""

    @property
    def row(self) -> dict[str, object]:
        """For a table."""
        verdict = "" if self.budget is None else "met" if self.value <= self.budget else "NOT MET"
        budget = "" if self.budget is None else f"{self.budget:g} {self.unit}"
        return {
            "figure": self.what,
            "value": f"{self.value:.3g} {self.unit}" if self.value < 100 else f"{self.value:.0f} {self.unit}",
            "budget": budget,
            "verdict": verdict,
            "n": self.of,
            "beside it": self.beside,
            "load": f"{os.getloadavg()[0]:.1f}",
        }


def spread(what: str, values: Sequence[float], unit: str, share: float, budget: float | None = None) -> Figure:
    """The ``share`` percentile of what was measured, with the median and the slowest beside it."""
    value, middle = percentile(list(values), share), percentile(list(values), 0.5)
    assert value is not None and middle is not None
    beside = f"p50 {middle:.3g}, slowest {max(values):.3g} {unit}"
    return Figure(f"{what}, p{100 * share:g}", value, unit, budget, len(values), beside)


def machine() -> str:
    """What all of it was measured on, and how busy that is."""
    found = describe()
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"{found['processor']}, {found['cores']} cores, {found['system']}, Python {found['python']}; load {load}"
    )
