"""Comparison of simulated with measured waits. Pure."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

from msgspec import Struct

from loadtest.capacity.simulation import SimulationOutcome
from loadtest.measurement.figures import Percentiles, percentiles
from loadtest.reports.run import Report

SHARE: Final = 0.15
MILLISECONDS: Final = 20.0
"""A simulated wait counts as right within this share, or so many milliseconds, of the measured one."""


class WaitComparison(Struct, frozen=True):
    """Percentile of one load: medians over the runs, in ms."""

    figure: str
    measured_ms: float
    simulated_ms: float

    @property
    def fits(self) -> bool:
        """True if the simulation is near enough."""
        return abs(self.simulated_ms - self.measured_ms) <= max(MILLISECONDS, SHARE * self.measured_ms)


def waits(outcome: SimulationOutcome, since_s: float = 0.0) -> Percentiles:
    """Return the time from the end of a segment to its text, of those that ended from ``since_s`` on, in ms."""
    return percentiles(one.wait_s * 1000 for one in outcome.segments if one.ended_s >= since_s)


def measured_waits(report: Report) -> Percentiles:
    """Return the same of a real run."""
    found = report.figures
    after_stop = (found.final_after_stop_ms_p50, found.final_after_stop_ms_p95, found.final_after_stop_ms_p99)
    return Percentiles(*after_stop, None)


def compare(measured: Sequence[Percentiles], simulated: Sequence[Percentiles]) -> tuple[WaitComparison, ...]:
    """Compare the medians of the p50 and p95 of several runs."""
    return tuple(
        WaitComparison(
            rank, _median(getattr(run, rank) for run in measured), _median(getattr(run, rank) for run in simulated)
        )
        for rank in ("p50", "p95")
    )


def _median(values: Iterable[float | None]) -> float:
    return round(median(value or 0.0 for value in values), 1)
