"""Simulated waits compared with measured ones: is the simulation of `kikipounamu-loadtest plan` right?

    python -m benchmarks.capacity [--loads 50:1,200:4,500:10] [--rtf 0.016] [--seconds 45] [--rounds 5]

``--loads``: speakers and workers of each load. A real gateway with its embedded broker and real workers with the
checksum engine serve each load, and the same speech is simulated. The simulation gets the times of the fleet from
the report of the previous round, in which other speech was spoken; the first round only measures. Figures are
medians of the other rounds: from the end of a segment to its text, in ms. Exit status 0 only if each simulated
p50 and p95 is within 15 % or 20 ms of the measured one.
"""

import sys
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.programs import temporary_chain
from benchmarks.report import arguments, report
from loadtest.capacity.calibration import calibration
from loadtest.capacity.simulation import Chain, simulate
from loadtest.capacity.speech import Speakers, spoken
from loadtest.measurement.figures import Percentiles
from loadtest.reports.run import Report
from tests.helpers.chain import Chain as Programs
from tests.helpers.waiting import wait_until_sync

RAMP_S = 10.0
SHARE: Final = 0.15
MILLISECONDS: Final = 20.0
"""A simulated wait is right if it differs from the measured one by at most this share, or this many ms."""


class WaitComparison(Struct, frozen=True):
    """Measured and simulated percentile of one load: medians over the runs, in ms."""

    figure: str
    measured_ms: float
    simulated_ms: float

    @property
    def fits(self) -> bool:
        """True if the simulation is near enough."""
        return abs(self.simulated_ms - self.measured_ms) <= max(MILLISECONDS, SHARE * self.measured_ms)


def run_streams(programs: Programs, speakers: int, seconds: float, seed: int) -> Report:
    """Run real speakers and return the report. Raises ``SystemExit`` if an answer was wrong."""
    folder = programs.root / f"report-{len(programs.programs)}"
    options = (
        "--count",
        speakers,
        "--minutes",
        seconds / 60,
        "--ramp",
        RAMP_S,
        "--seed",
        seed,
        "--report",
        folder,
    )
    program = programs.start("loadtest", "kikipounamu-loadtest", "streams", *map(str, options))
    if program.popen.wait(seconds + RAMP_S + 120):
        sys.exit(f"the load test failed: {program.log.read_text()}")
    return msgspec.json.decode((folder / "report.json").read_bytes(), type=Report)


def add_workers(programs: Programs, count: int, rtf: float) -> None:
    """Start workers until there are ``count``, and wait until all are ready."""
    while sum(one.name == "worker" for one in programs.programs) < count:
        programs.worker("--engine", "checksum", "--set", f"rtf={rtf}")
    workers = [one for one in programs.programs if one.name == "worker"]
    wait_until_sync(lambda: all("worker.ready" in one.log.read_text() for one in workers), "ready workers", 120)


def simulated(report: Report, workers: int, speakers: int, seconds: float, seed: int) -> Percentiles:
    """Simulate the same speech with the times in the report of another run."""
    known = calibration(report)
    chain = Chain(added_ms=known.chain.added_ms)
    speech = spoken(Speakers(speakers, seconds, RAMP_S, seed))
    return simulate(speech, known.times, workers, chain).waits()


def measured_waits(report: Report) -> Percentiles:
    """Return the waits of a real run in the form of ``SimulationOutcome.waits``."""
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


def measure(
    programs: Programs, speakers: int, workers: int, seconds: float, rounds: int
) -> list[dict[str, object]]:
    """Run and simulate one load; return a row for each percentile."""
    measured, simulated_waits = [], []
    before = run_streams(programs, speakers, seconds, seed=0)
    for seed in range(1, rounds + 1):
        after = run_streams(programs, speakers, seconds, seed)
        measured.append(measured_waits(after))
        simulated_waits.append(simulated(before, workers, speakers, seconds, seed))
        print(f"{speakers}: measured {measured[-1]}, simulated {simulated_waits[-1]}", file=sys.stderr, flush=True)
        before = after
    return [
        {"speakers": speakers, "workers": workers, **msgspec.to_builtins(one), "fits": one.fits}
        for one in compare(measured, simulated_waits)
    ]


def main() -> None:
    """Measure and print the figures."""
    options = arguments(__doc__, loads="50:1,200:4,500:10", rtf=0.016, seconds=45.0, rounds=5)
    loads = [load.split(":") for load in options.loads.split(",")]
    rows = []
    with temporary_chain() as programs:
        programs.gateway()
        for speakers, workers in sorted((int(speakers), int(workers)) for speakers, workers in loads):
            add_workers(programs, workers, options.rtf)
            rows += measure(programs, speakers, workers, options.seconds, options.rounds)
    report("capacity", rows, options.json)
    sys.exit(0 if all(row["fits"] for row in rows) else 1)


if __name__ == "__main__":
    main()
