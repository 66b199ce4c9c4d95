"""Numbers of streams that one and two gateway processes carry, each process with a fifth of a core.

    python -m benchmarks.gateway_processes [--cores 0.2] [--rounds 3] [--segments 5] [--late 1000] [--json FILE]

A cgroup limits each gateway process; broker, worker (checksum engine), supervisor and speakers have no limit. The
speakers send 100 ms frames at speaking pace. A number of streams is carried if every digest is right and 95 of 100
texts come within ``--late`` milliseconds after the end of their segment: a process without CPU left falls behind
by seconds. The number grows in steps of 8 % until one is not carried in two tries, because other programs may
disturb one. Rounds with one and two processes take turns; the figures are their medians. Needs root and cgroups.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import psutil

from benchmarks.programs import cpu_seconds, temporary_chain
from benchmarks.report import arguments, report, table
from benchmarks.speakers import Tally, run_speakers
from loadtest.measurement.figures import percentile
from protocol.endpoint import Endpoint
from tests.helpers.chain import Program
from tests.helpers.waiting import wait_until_sync

_STEP: Final = 1.08
_FIRST: Final = 0.85
_PROBE_STREAMS: Final = 40
_PROBE_SEGMENTS: Final = 3
_PROCESS: Final = "backend.cli.process"
_CGROUPS: Final = Path("/sys/fs/cgroup")
_PERIOD_US: Final = 100_000
_PART: Final = 10
"""Weight against other programs, so that even on a busy machine a process gets what its limit allows."""


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

    def estimate(self, cores: float) -> float:
        """Return the streams that the cost of a few streams predicts."""
        before = self._cpu()
        tally = self._run(_PROBE_STREAMS * len(self._pids), _PROBE_SEGMENTS)
        return cores * len(self._pids) * tally.audio_s / (self._cpu() - before)

    def measure(self, streams: int) -> bool:
        """Run this many streams; return whether they were carried."""
        before = self._cpu()
        try:
            tally = self._run(streams, self._segments)
        except* (TimeoutError, ConnectionError):
            tally = Tally(failed=1)
        used = self._cpu() - before
        p95_ms = percentile(tally.beyond_ms, 0.95) or float("inf")
        not_right = tally.wrong + tally.failed + tally.twice
        carried = p95_ms <= self._late_ms and not not_right
        seconds = tally.audio_s / streams or 1.0
        row = {
            "processes": len(self._pids),
            "streams": streams,
            "beyond_p95_ms": p95_ms,
            "cpu": used / seconds,  # of the gateway processes, in cores
            "not_right": not_right,
            "carried": carried,
        }
        table("streams", [row])
        return carried

    def _run(self, streams: int, segments: int) -> Tally:
        return asyncio.run(run_speakers(self._endpoint, streams, segments))

    def _cpu(self) -> float:
        return sum(map(cpu_seconds, self._pids))


def carried_by(
    processes: int, cores: float, segments: int, late_ms: float, levels: Iterator[int] | None = None
) -> int:
    """Return the largest number of streams that this many processes carry, each with ``cores``.

    ``levels``: numbers to try; ``None``: by an estimate.
    """
    with temporary_chain() as chain, ExitStack() as stack:
        program, endpoint = chain.gateway("--processes", str(processes))
        chain.worker("--engine", "checksum", "--set", "rtf=0")
        asyncio.run(run_speakers(endpoint, 2 * processes, 1))  # waits for the worker, and warms the code up
        pids = wait_until_sync(lambda: gateway_pids(program, processes), "the processes run")
        for pid in pids:
            stack.enter_context(cpu_limited(pid, cores))
        gateway = Round(endpoint, pids, segments, late_ms)
        return most_carried(levels or levels_from(gateway.estimate(cores)), gateway.measure)


class NoCpuLimits(Exception):
    """Computer on which the CPU time of processes cannot be limited. The message says why."""


@contextmanager
def cpu_limited(pid: int, cores: float) -> Iterator[Path]:
    """Limit a process to this many cores until the context ends; yield its cgroup, of version 1 or 2.

    Raises ``NoCpuLimits``.
    """
    quota_us = round(cores * _PERIOD_US)
    parent, limits = _version_2(quota_us) or _version_1(quota_us)
    group = parent / f"kikipounamu-{os.getpid()}-{pid}"
    try:
        group.mkdir()
        for name, value in limits.items():
            (group / name).write_text(value)
        (group / "cgroup.procs").write_text(str(pid))
    except OSError as error:
        _remove(group, parent)
        raise NoCpuLimits(f"{group} cannot be used ({error.strerror}): run this as root, with cgroups") from error
    try:
        yield group
    finally:
        _remove(group, parent)


def _version_2(quota_us: int) -> tuple[Path, dict[str, str]] | None:
    control = _CGROUPS / "cgroup.subtree_control"
    if not control.exists() or "cpu" not in control.read_text().split():
        return None
    return _CGROUPS, {"cpu.max": f"{quota_us} {_PERIOD_US}", "cpu.weight": str(100 * _PART)}


def _version_1(quota_us: int) -> tuple[Path, dict[str, str]]:
    limits = {"cpu.cfs_period_us": str(_PERIOD_US), "cpu.cfs_quota_us": str(quota_us)}
    return _CGROUPS / "cpu", limits | {"cpu.shares": str(1024 * _PART)}


def _remove(group: Path, parent: Path) -> None:
    """Move the processes that still run in a group back, and remove the group."""
    if not group.exists():
        return
    for pid in (group / "cgroup.procs").read_text().split():
        try:
            (parent / "cgroup.procs").write_text(pid)
        except ProcessLookupError:
            continue
    group.rmdir()


def main() -> None:
    """Measure and print the figures."""
    options = arguments(__doc__, cores=0.2, rounds=3, segments=5, late=1000.0)
    found: dict[int, list[int]] = {1: [], 2: []}
    for _ in range(options.rounds):
        for processes, numbers in found.items():
            numbers.append(carried_by(processes, options.cores, options.segments, options.late))
    one, two = median(found[1]), median(found[2])
    row = {
        "cores_each": options.cores,
        "rounds": options.rounds,
        "one_process": one,
        "two_processes": two,
        "ratio": two / one,
    }
    report("gateway processes", [row], options.json, "gateway-processes")


if __name__ == "__main__":
    main()
