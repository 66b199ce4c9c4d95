"""Small version of `python -m benchmarks.capacity`: one real run, and the simulation that it calibrates."""

from pathlib import Path

import pytest

from benchmarks.capacity import WaitComparison, add_workers, compare, measured_waits, run_streams, simulated
from loadtest.measurement.figures import Percentiles
from tests.helpers.chain import running_chain

SPEAKERS = 20
SECONDS = 5.0


def test_real_run_calibrates_a_simulation_of_the_same_speech(tmp_path: Path) -> None:
    with running_chain(tmp_path) as programs:
        programs.gateway()
        add_workers(programs, 1, 0.02)
        report = run_streams(programs, SPEAKERS, SECONDS, seed=1)
    service, measured = report.service, measured_waits(report)
    assert service is not None and service.workers == 1
    assert service.segments == report.figures.right >= SPEAKERS
    assert service.rtf * 3_500 + service.call_ms >= 70, "an engine sleeps at least as long as it is told to"
    waits = simulated(report, 1, SPEAKERS, SECONDS, seed=1)
    assert waits.p50 and waits.p95 and measured.p50 and measured.p95
    assert 70 <= waits.p50 <= waits.p95, "how near it is depends on the machine; the benchmark says so"


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
