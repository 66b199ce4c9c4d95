"""Cost of the gateway: CPU per hour of streamed audio, memory, Redis clients, time beyond the engine.

    python -m benchmarks.gateway [--streams 10,100,500] [--segments 6] [--json FILE]

A real gateway, with its embedded broker and a worker with the checksum engine, receives streams at speaking pace
(100 ms frames, 4 s segments without pauses). Every answer's digest is checked. The reference in the same run is
a bare aiohttp server that discards the same frames (``benchmarks.sink``).
"""

import asyncio
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from benchmarks.report import arguments, table, write_json
from benchmarks.speakers import run_speakers
from loadtest.measurement.figures import percentile
from protocol.endpoint import Endpoint
from tests.helpers.chain import KEY, Chain, running_chain


@dataclass(frozen=True)
class Cost:
    """Result row. CPU figures are CPU seconds per hour of streamed audio."""

    streams: int
    audio_s: float
    gateway_cpu: float
    reference_cpu: float
    broker_cpu: float
    gateway_mb: float
    redis_clients: int
    beyond_p50_ms: float | None
    beyond_p95_ms: float | None
    right: int
    not_right: int


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _broker(gateway: int) -> psutil.Process:
    return next(child for child in psutil.Process(gateway).children(recursive=True) if "valkey" in child.name())


def _redis_clients(chain: Chain) -> int:
    socket = chain.root / "home" / "run" / "broker.sock"
    listed = subprocess.run(
        ["redis-cli", "-s", str(socket), "client", "list"], capture_output=True, text=True, check=True
    )
    return sum("name=kikipounamu-gateway" in line for line in listed.stdout.splitlines())


def _reference(streams: int, segments: int) -> float:
    with subprocess.Popen([sys.executable, "-m", "benchmarks.sink"], stdout=subprocess.PIPE, text=True) as sink:
        try:
            assert sink.stdout is not None
            endpoint = Endpoint(f"http://127.0.0.1:{sink.stdout.readline().strip()}", KEY, sink.pid)
            before = cpu_seconds(sink.pid)
            tally = asyncio.run(run_speakers(endpoint, streams, segments))
            return (cpu_seconds(sink.pid) - before) * 3600 / tally.audio_s
        finally:
            sink.kill()


def _measure(streams: int, segments: int, root: Path) -> Cost:
    with running_chain(root, quiet=True) as chain:
        program, endpoint = chain.gateway()
        gateway = program.popen.pid
        chain.worker("--engine", "checksum", "--set", "rtf=0")
        asyncio.run(run_speakers(endpoint, 1, 1))  # then the worker is ready and the code warm
        broker = _broker(gateway).pid
        before, broker_before = cpu_seconds(gateway), cpu_seconds(broker)
        memory: list[float] = []
        clients: list[int] = []

        async def look() -> None:
            memory.append(psutil.Process(gateway).memory_info().rss / 2**20)
            clients.append(await asyncio.to_thread(_redis_clients, chain))

        tally = asyncio.run(run_speakers(endpoint, streams, segments, at_full_load=look))
        hours = tally.audio_s / 3600
        used = cpu_seconds(gateway) - before
        broker_used = cpu_seconds(broker) - broker_before
    return Cost(
        streams=streams,
        audio_s=tally.audio_s,
        gateway_cpu=used / hours,
        reference_cpu=_reference(streams, segments),
        broker_cpu=broker_used / hours,
        gateway_mb=max(memory),
        redis_clients=max(clients),
        beyond_p50_ms=percentile(tally.beyond_ms, 0.5),
        beyond_p95_ms=percentile(tally.beyond_ms, 0.95),
        right=tally.right,
        not_right=tally.wrong + tally.failed + tally.twice,
    )


def main() -> None:
    """Measure and print the figures."""
    chosen = arguments(__doc__, streams="10,100,500", segments="6")
    costs = []
    for streams in (int(number) for number in chosen.streams.split(",")):
        with tempfile.TemporaryDirectory(prefix="kiki-bench-") as folder:
            costs.append(_measure(streams, int(chosen.segments), Path(folder)))
            table("gateway", [asdict(costs[-1])])
    write_json(chosen.json, "gateway", [asdict(cost) for cost in costs])


if __name__ == "__main__":
    main()
