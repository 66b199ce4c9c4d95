"""Streams that gateway processes carry, each with a fifth of a core: one process against two.

    python -m benchmarks.gateway_processes [--cores 0.2] [--rounds 3] [--segments 5] [--late 1000] [--json FILE]

A cgroup limits each gateway process; broker, worker (checksum engine), supervisor and speakers have no limit. The
speakers send 100 ms frames at speaking pace. A number of streams is carried if every digest is right and 95 of 100
texts come within ``--late`` milliseconds after the end of their segment: a process without CPU left falls behind
by seconds. The number grows in steps of 8 % until one is not carried twice in a row, as others disturb too.
Rounds with one and two processes take turns; the figures are their medians. Needs root and cgroups.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

import psutil

from benchmarks.cpu_limit import cpu_limited
from benchmarks.gateway import cpu_seconds
from benchmarks.report import arguments, table, write_json
from benchmarks.speakers import Tally, run_speakers
from loadtest.measurement.figures import percentile
from protocol.endpoint import Endpoint
from tests.helpers.chain import Program, running_chain
from tests.helpers.waiting import wait_until_sync

_STEP: Final = 1.08
_FIRST: Final = 0.85
_PROBE_STREAMS: Final = 40
_PROBE_SEGMENTS: Final = 3
_PROCESS: Final = "backend.cli.process"


@dataclass(frozen=True)
class Level:
    """Result of a number of streams. ``cpu``: use of the gateway processes, in cores."""

    processes: int
    streams: int
    beyond_p95_ms: float
    cpu: float
    not_right: int
    carried: bool


@dataclass(frozen=True)
class Carried:
    """Medians of the most streams that were carried, and their ratio."""

    cores_each: float
    rounds: int
    one_process: float
    two_processes: float
    ratio: float


def levels_from(estimate: float) -> Iterator[int]:
    """Yield growing numbers of streams, from below an estimate on."""
    streams = estimate * _FIRST
    while True:
        yield max(1, round(streams))
        streams *= _STEP


def most_carried(levels: Iterator[int], measure: Callable[[int], bool]) -> int:
    """Return the largest number before the first that is not carried in two tries; 0: none."""
    carried = 0
    for streams in levels:
        if not (measure(streams) or measure(streams)):
            break
        carried = streams
    return carried


def gateway_pids(program: Program, processes: int) -> list[int]:
    """Return the processes that serve streams."""
    if processes == 1:
        return [program.popen.pid]
    children = psutil.Process(program.popen.pid).children()
    return [child.pid for child in children if _PROCESS in child.cmdline()]


class Round:
    """Measurement of one gateway with limited processes."""

    def __init__(self, endpoint: Endpoint, pids: list[int], segments: int, late_ms: float) -> None:
        self._endpoint = endpoint
        self._pids = pids
        self._segments = segments
        self._late_ms = late_ms
        self.levels: list[Level] = []

    def estimate(self, cores: float) -> float:
        """Return the streams that the cost of a few streams predicts."""
        before = self._cpu()
        tally = self._run(_PROBE_STREAMS * len(self._pids), _PROBE_SEGMENTS)
        return cores * len(self._pids) * tally.audio_s / (self._cpu() - before)

    def measure(self, streams: int) -> bool:
        """Run so many streams; return whether they were carried."""
        before = self._cpu()
        try:
            tally = self._run(streams, self._segments)
        except* TimeoutError:
            tally = Tally(failed=1)
        used = self._cpu() - before
        p95_ms = percentile(tally.beyond_ms, 0.95) or float("inf")
        not_right = tally.wrong + tally.failed + tally.twice
        carried = p95_ms <= self._late_ms and not not_right
        seconds = tally.audio_s / streams or 1.0
        self.levels.append(Level(len(self._pids), streams, p95_ms, used / seconds, not_right, carried))
        table("streams", [asdict(self.levels[-1])])
        return carried

    def _run(self, streams: int, segments: int) -> Tally:
        return asyncio.run(run_speakers(self._endpoint, streams, segments))

    def _cpu(self) -> float:
        return sum(map(cpu_seconds, self._pids))


def carried_by(
    processes: int, cores: float, segments: int, late_ms: float, levels: Iterator[int] | None = None
) -> int:
    """Return the most streams that so many processes carry, each with ``cores``.

    ``levels``: numbers to try; ``None``: by an estimate.
    """
    with tempfile.TemporaryDirectory(prefix="kiki-bench-") as folder, ExitStack() as stack:
        chain = stack.enter_context(running_chain(Path(folder), quiet=True))
        program, endpoint = chain.gateway("--processes", str(processes))
        chain.worker("--engine", "checksum", "--set", "rtf=0")
        asyncio.run(run_speakers(endpoint, 2 * processes, 1))  # then the worker is ready and the code warm
        pids = wait_until_sync(lambda: gateway_pids(program, processes), "the processes run")
        for pid in pids:
            stack.enter_context(cpu_limited(pid, cores))
        one = Round(endpoint, pids, segments, late_ms)
        return most_carried(levels or levels_from(one.estimate(cores)), one.measure)


def main() -> None:
    """Measure and print the figures."""
    chosen = arguments(__doc__, cores="0.2", rounds="3", segments="5", late="1000")
    cores, segments, late_ms = float(chosen.cores), int(chosen.segments), float(chosen.late)
    found: dict[int, list[int]] = {1: [], 2: []}
    for _ in range(int(chosen.rounds)):
        for processes, numbers in found.items():
            numbers.append(carried_by(processes, cores, segments, late_ms))
    one, two = median(found[1]), median(found[2])
    rows = [asdict(Carried(cores, int(chosen.rounds), one, two, two / one))]
    table("gateway processes", rows)
    write_json(chosen.json, "gateway-processes", rows)


if __name__ == "__main__":
    main()
