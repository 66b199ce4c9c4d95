"""Figures of the app with their budgets."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import describe
from loadtest.measurement.figures import percentile

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Figure:
    """Measured figure. ``budget``: its maximum; ``None``: no budget. ``of``: number of measurements."""

    what: str
    value: float
    unit: str
    budget: float | None = None
    of: int = 1
    beside: str = ""

    @property
    def row(self) -> dict[str, object]:
        """Table row of this figure."""
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
    """Return the ``share`` percentile of the values, with their median and the slowest in ``beside``."""
    value, middle = percentile(list(values), share), percentile(list(values), 0.5)
    assert value is not None and middle is not None
    beside = f"p50 {middle:.3g}, slowest {max(values):.3g} {unit}"
    return Figure(f"{what}, p{100 * share:g}", value, unit, budget, len(values), beside)


def machine() -> str:
    """Return a line that describes this machine and its current load."""
    found = describe()
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"{found['processor']}, {found['cores']} cores, {found['system']}, Python {found['python']}; load {load}"
    )
