"""Small version of `python -m benchmarks.capacity`: one real run, and the simulation that it calibrates."""

from pathlib import Path

from benchmarks.capacity import add_workers, run_streams, simulated
from loadtest.capacity.comparison import measured_waits
from tests.helpers.chain import running_chain

SPEAKERS = 20
SECONDS = 5.0


def test_real_run_calibrates_a_simulation_of_the_same_speech(tmp_path: Path) -> None:
    with running_chain(tmp_path) as programs:
        programs.gateway()
        add_workers(programs, 1, "0.02")
        report = run_streams(programs, SPEAKERS, SECONDS, seed=1)
    service, measured = report.service, measured_waits(report)
    assert service is not None and service.workers == 1
    assert service.segments == report.figures.right >= SPEAKERS
    assert service.rtf * 3_500 + service.call_ms >= 70, "an engine sleeps at least as long as it is told to"
    told = simulated(report, 1, SPEAKERS, SECONDS, seed=1)
    assert told.p50 and told.p95 and measured.p50 and measured.p95
    assert 70 <= told.p50 <= told.p95, "how near it is depends on the machine; the benchmark says so"
