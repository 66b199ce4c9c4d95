"""Cost of the gateway: CPU per hour of streamed audio, memory, Redis commands and clients, time beyond the engine.

    python -m benchmarks.gateway [--streams 10,100,500] [--frames 100,500] [--segments 6] [--rounds 1]
                                 [--previous WORKTREE] [--settle 0] [--json FILE]

A real gateway, with its embedded broker and a worker with the checksum engine, receives streams at speaking pace
(4 s segments without pauses, in frames of ``--frames`` ms). Every answer's digest is checked. The reference in the
same run is a bare server with the same WebSockets that discards the same frames (``benchmarks.sink``).

``--previous``: also measure the code of another worktree, in turns, with the libraries of this one, and print the
share of its cost that remains. Rows are medians of ``--rounds``. ``--settle``: after the last round with the most
streams, the memory is read once more after this many seconds.
"""

import asyncio
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil
from redis import Redis

from benchmarks.programs import broker_of, cpu_seconds, temporary_chain
from benchmarks.report import REPOSITORY, arguments, report, table
from benchmarks.speakers import Tally, run_speakers
from loadtest.measurement.figures import percentile
from protocol.endpoint import Endpoint
from tests.helpers.chain import KEY, Chain

_COUNTED = ("hello", "info", "client", "select", "ping")
"""Commands of this benchmark itself, and of connections."""


@dataclass(frozen=True)
class Load:
    """Load of one measurement: streams at once, the length of their frames, segments of each."""

    streams: int
    frame_ms: int
    segments: int


def _connected(chain: Chain) -> Redis:
    return Redis(unix_socket_path=str(chain.root / "home" / "run" / "broker.sock"), decode_responses=True)


def _redis_clients(chain: Chain) -> int:
    with _connected(chain) as broker:
        listed: Any = broker.client_list()
    return sum(client["name"].startswith("kikipounamu-gateway") for client in listed)


def _commands(chain: Chain) -> tuple[int, int]:
    """Return how many scripts and how many commands the broker has executed."""
    with _connected(chain) as broker:
        stats: Any = broker.info("commandstats")
    scripts = commands = 0
    for command, figures in stats.items():
        name = command.removeprefix("cmdstat_")
        if name.partition("|")[0] not in _COUNTED:
            commands += figures["calls"]
            scripts += figures["calls"] if name in ("evalsha", "fcall") else 0
    return scripts, commands


def _megabytes(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss / 2**20)


def _reference(load: Load, worktree: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.sink"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=worktree) as sink:
        try:
            assert sink.stdout is not None
            endpoint = Endpoint(f"http://127.0.0.1:{sink.stdout.readline().strip()}", KEY, sink.pid)
            before = cpu_seconds(sink.pid)
            tally = asyncio.run(run_speakers(endpoint, load.streams, load.segments, frame_ms=load.frame_ms))
            return (cpu_seconds(sink.pid) - before) * 3600 / tally.audio_s
        finally:
            sink.kill()


Cost = dict[str, Any]
"""Result row. CPU figures are CPU seconds per hour of streamed audio.

``scripts`` and ``commands`` are what the broker executed per segment, of gateway and worker; commands inside
scripts count too. Memory in MB: idle before, at full load, and after ``--settle``.
"""


class _Meter:
    """Readings of a gateway and its broker: ``used`` returns their use since the last ``reset``."""

    def __init__(self, chain: Chain, gateway: int) -> None:
        self._chain, self._gateway = chain, gateway
        self._broker = broker_of(gateway)
        self.memory: list[float] = []
        self.clients: list[int] = []
        self._before = self._now()

    def reset(self) -> None:
        """Count from now on."""
        self._before = self._now()

    def used(self) -> list[float]:
        """Return CPU seconds of gateway and broker, then scripts and commands."""
        return [now - before for now, before in zip(self._now(), self._before, strict=True)]

    async def sample(self) -> None:
        """Note memory and Redis clients."""
        self.memory.append(_megabytes(self._gateway))
        self.clients.append(await asyncio.to_thread(_redis_clients, self._chain))

    def _now(self) -> tuple[float, ...]:
        return cpu_seconds(self._gateway), cpu_seconds(self._broker), *_commands(self._chain)


def _measure(code: str, worktree: Path, load: Load, settle_s: float) -> Cost:
    with patch.dict(os.environ, {"PYTHONPATH": str(worktree)}), temporary_chain() as chain:
        program, endpoint = chain.gateway()
        chain.worker("--engine", "checksum", "--set", "rtf=0")
        meter = _Meter(chain, program.popen.pid)
        asyncio.run(run_speakers(endpoint, 1, 1))  # waits for the worker, and warms the code up
        asyncio.run(meter.sample())
        meter.reset()
        speaking = run_speakers(
            endpoint, load.streams, load.segments, frame_ms=load.frame_ms, at_full_load=meter.sample
        )
        tally = asyncio.run(speaking)
        used = meter.used()
        asyncio.run(meter.sample())
        time.sleep(settle_s)
        asyncio.run(meter.sample())
    return _row(code, load, tally, meter, used, _reference(load, worktree))


def _row(code: str, load: Load, tally: Tally, meter: _Meter, used: list[float], reference: float) -> Cost:
    gateway_s, broker_s, scripts, commands = used
    hours, segments = tally.audio_s / 3600, load.streams * load.segments
    return {
        "code": code,
        "streams": load.streams,
        "frame_ms": load.frame_ms,
        "gateway_cpu": gateway_s / hours,
        "reference_cpu": reference,
        "ratio": gateway_s / hours / reference if reference else math.nan,  # a tiny run may take no CPU tick
        "broker_cpu": broker_s / hours,
        "scripts": scripts / segments,
        "commands": commands / segments,
        "idle_mb": meter.memory[0],
        "peak_mb": max(meter.memory),
        "settled_mb": meter.memory[-1],
        "redis_clients": max(meter.clients),
        "beyond_p50_ms": percentile(tally.beyond_ms, 0.5) or 0.0,
        "beyond_p95_ms": percentile(tally.beyond_ms, 0.95) or 0.0,
        "right": tally.right,
        "not_right": tally.wrong + tally.failed + tally.twice,
    }


def median_of(costs: Sequence[Cost]) -> Cost:
    """Return a row with the median of each figure; wrong answers are added up."""
    medians: Cost = {}
    for name, first in costs[0].items():
        values = [cost[name] for cost in costs]
        medians[name] = statistics.median(values) if isinstance(first, float) else first
    return medians | {"not_right": sum(cost["not_right"] for cost in costs)}


def _compare(codes: dict[str, Path], load: Load, rounds: int, settle_s: float) -> list[Cost]:
    found: dict[str, list[Cost]] = {code: [] for code in codes}
    for turn in range(rounds):
        for code, worktree in codes.items():
            found[code].append(_measure(code, worktree, load, settle_s if turn == rounds - 1 else 0.0))
    return [median_of(costs) for costs in found.values()]


def main() -> None:
    """Measure and print the figures."""
    options = arguments(
        __doc__, streams="10,100,500", frames="100,500", segments=6, rounds=1, previous="", settle=0.0
    )
    codes = ({"previous": Path(options.previous).resolve()} if options.previous else {}) | {"now": REPOSITORY}
    streams = [int(number) for number in options.streams.split(",")]
    rows = list[Cost]()
    for frame_ms in (int(number) for number in options.frames.split(",")):
        for count in streams:
            load = Load(count, frame_ms, options.segments)
            settle_s = options.settle if count == max(streams) else 0.0
            rows += _compare(codes, load, options.rounds, settle_s)
            table("gateway", rows[-len(codes) :])
            if options.previous:
                previous, now = (row["gateway_cpu"] for row in rows[-2:])
                print(f"\nleft of the previous cost: {now / previous:.0%}")
    report("gateway", rows, options.json)


if __name__ == "__main__":
    main()
