"""Comparison of simulated with measured waits."""

import pytest

from loadtest.capacity.comparison import WaitComparison, compare, waits
from loadtest.capacity.simulation import SimulatedSegment, SimulationOutcome
from loadtest.measurement.figures import Percentiles


@pytest.mark.parametrize(
    ("measured", "simulated", "fits"),
    [(10.0, 30.0, True), (10.0, 30.1, False), (1000.0, 1150.0, True), (1000.0, 849.0, False)],
)
def test_comparison_allows_a_share_or_milliseconds(measured: float, simulated: float, fits: bool) -> None:
    assert WaitComparison("p50", measured, simulated).fits is fits


def test_comparison_takes_the_median_of_the_runs() -> None:
    measured = [Percentiles(p50, p50 * 2, None, None) for p50 in (10.0, 900.0, 20.0)]
    simulated = [Percentiles(21.0, None, None, None)]
    assert compare(measured, simulated) == (WaitComparison("p50", 20.0, 21.0), WaitComparison("p95", 40.0, 0.0))


def test_waits_leave_out_earlier_segments() -> None:
    outcome = SimulationOutcome([SimulatedSegment(at_s, 0.0, 0.0, at_s / 10) for at_s in (1.0, 2.0, 3.0)])
    assert waits(outcome, 2.0) == Percentiles(200.0, 300.0, 300.0, 300.0)
