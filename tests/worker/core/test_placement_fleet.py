"""Simulated workers of speeds 1, 4 and 16 on one broker: the checksum engine sleeps as long as a model works."""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from loadtest.core.checksum import checksum
from loadtest.measurement.figures import percentile
from protocol.engine import EngineSettings
from protocol.job import WORKERS_KEY, Job, Result, decode_notice, decode_status
from protocol.monitor import WorkerStatus
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.worker.running import Worker
from tests.worker.scripts import KEYS, SESSION, GatewaySide, gateway_side
from worker.broker.jobs import ShardJobs
from worker.consumer import Consumer, ConsumerIntervals
from worker.core.placement import job_streams
from worker.supervision.engine_supervisor import EngineLimits, EngineSupervisor

MODEL = "checksum"
URGENT, BULK = job_streams(KEYS, MODEL)[1], job_streams(KEYS, MODEL)[3]
SPEEDS = {"slow": 1.0, "middle": 4.0, "fast": 16.0}
TOGETHER = sum(SPEEDS.values())
RATE = 16_000


@dataclass
class Desk:
    """Client of the fleet: queues jobs and checks their results."""

    other: GatewaySide
    source: random.Random
    queued: dict[int, tuple[str, float]] = field(default_factory=dict)  # segment -> (digest, length)

    async def queue(self, stream: str, seconds: float) -> int:
        """Queue one segment of noise; return its number."""
        segment = len(self.queued)
        pcm = self.source.randbytes(round(seconds * RATE) * 2)
        self.queued[segment] = (checksum(pcm), seconds)
        await self.other.submit(Job(SESSION, segment, pcm, len(pcm) // 2), stream)
        return segment

    async def result(self, segment: int) -> Result | None:
        """Return the segment's result, or ``None`` while there is none; check its text."""
        value = await self.other.redis.hget(KEYS.session(SESSION), f"result:{segment}")
        if value is None:
            return None
        result = decode_notice(value)
        assert isinstance(result, Result) and result.text == self.queued[segment][0]
        return result

    async def results(self, segments: list[int]) -> list[Result]:
        """Wait until all these segments are recognised; return their results."""

        async def ended() -> bool:
            fields = [f"result:{segment}" for segment in segments]
            return None not in await self.other.redis.hmget(KEYS.session(SESSION), fields)

        await wait_until(ended, "everything is recognised", 100.0)
        return [result for segment in segments if (result := await self.result(segment))]

    async def left(self, stream: str) -> int:
        """Return the number of entries that wait or are being decoded."""
        return int(await self.other.redis.xlen(stream))


class Looking(ShardJobs):
    """Jobs that count how often the worker has read the fleet's status."""

    looks = 0

    async def fleet(self) -> tuple[list[WorkerStatus], int]:
        found = await super().fleet()
        self.looks += 1
        return found


@asynccontextmanager
async def simulated(url: str, name: str, speed: float) -> AsyncIterator[Looking]:
    """Run a worker of the given speed."""
    engine = EngineSupervisor(EngineSettings("checksum", MODEL, extra={"rtf": str(1 / speed)}), EngineLimits())
    async with (jobs := Looking(url, name, KEYS)):
        running = Worker(Consumer(name, jobs, engine, ConsumerIntervals(heartbeat_s=0.2), KEYS), engine)
        try:
            yield jobs
        finally:
            await running.drained()


@asynccontextmanager
async def fleet(url: str) -> AsyncIterator[Desk]:
    """Run all three workers; each knows its own speed and that of the others."""
    async with AsyncExitStack() as stack:
        desk = Desk(await stack.enter_async_context(gateway_side(url)), random.Random(1))
        await desk.other.attach()
        workers = list[Looking]()
        for name, speed in SPEEDS.items():  # one by one: each must decode a job to know its speed
            workers.append(await stack.enter_async_context(simulated(url, name, speed)))
            await wait_until(lambda: known(desk, name, 0.0), "it is there")  # noqa: B023  # awaited here
            while not await known(desk, name, speed / 2):
                await desk.results([await desk.queue(BULK, 0.1) for _ in SPEEDS])
        # The tests begin once every worker has read the status of every other.
        before = [worker.looks for worker in workers]
        while any(worker.looks == looks for worker, looks in zip(workers, before, strict=True)):
            await desk.results([await desk.queue(BULK, 0.1) for _ in SPEEDS])
        yield desk


async def known(desk: Desk, name: str, speed: float) -> bool:
    """Return whether the worker's heartbeat reports at least this speed."""
    value = await desk.other.redis.hget(WORKERS_KEY, name)
    return value is not None and decode_status(value).speed >= speed


async def speak(desk: Desk, seconds: float, shortest_s: float, longest_s: float) -> list[int]:
    """Queue segments as several people would speak them, about 5 s of audio per second."""
    source, segments = random.Random(2), []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        length_s = source.uniform(shortest_s, longest_s)
        segments.append(await desk.queue(URGENT, length_s))
        await asyncio.sleep(source.expovariate(1.0) * length_s / 5.0)
    return segments


async def keep_full(desk: Desk, shortest_s: float, longest_s: float) -> None:
    """Keep a file's queue full until cancelled."""
    source = random.Random(3)
    while True:
        for _ in range(30 - await desk.left(BULK)):
            await desk.queue(BULK, source.uniform(shortest_s, longest_s))
        await asyncio.sleep(0.05)


@pytest.mark.serial
async def test_file_is_shared_by_speed_and_does_not_delay_live_speech(broker: Broker) -> None:
    async with fleet(broker.url) as desk:
        alone = await desk.results([await desk.queue(BULK, 1.0) for _ in range(42)])
        share = Counter(result.worker for result in alone)
        assert share["fast"] > share["middle"] > share["slow"] > 0 and share["fast"] > 42 / 2

        await desk.results([await desk.queue(URGENT, 0.5)])  # live speech begins
        file = [await desk.queue(BULK, 3.0) for _ in range(6)]
        said = []
        for _ in range(6):
            said += await desk.results([await desk.queue(URGENT, 0.5)])
        assert sum(result.worker == "fast" for result in said) >= 5
        assert "fast" not in {result.worker for result in await desk.results(file)}


@pytest.mark.proof(minutes=1)
@pytest.mark.serial
async def test_fleet_throughput_is_the_sum_of_its_speeds(broker: Broker) -> None:
    async with fleet(broker.url) as desk:
        file = [await desk.queue(BULK, desk.source.uniform(1, 6)) for _ in range(180)]
        started = time.monotonic()
        await wait_until(lambda: all_read(desk), "nothing waits any more", 110.0)
        took_s = time.monotonic() - started
        done = await desk.results(file)
        seconds = sum(length_s for _, length_s in (desk.queued[segment] for segment in file))
        sys.stdout.write(
            f"{seconds / took_s:.2f} audio s/s of {TOGETHER:.0f}, {Counter(r.worker for r in done)}\n"
        )
        assert 0.9 * TOGETHER <= seconds / took_s <= 1.1 * TOGETHER


async def all_read(desk: Desk) -> bool:
    """Return whether no job waits any more; at most a few are still being decoded."""
    return await desk.left(BULK) <= len(SPEEDS)


@pytest.mark.proof(minutes=2.5)
@pytest.mark.serial
async def test_live_latency_is_hardly_affected_by_a_long_file(broker: Broker) -> None:
    async with fleet(broker.url) as desk:
        quiet = await desk.results(await speak(desk, 60.0, 1.0, 6.0))
        filling = asyncio.create_task(keep_full(desk, 4.0, 12.0))
        try:
            await speak(desk, 5.0, 1.0, 6.0)  # the first segments still wait for jobs being decoded
            beside = await desk.results(await speak(desk, 60.0, 1.0, 6.0))
        finally:
            filling.cancel()
        before, after = p95_ms(quiet), p95_ms(beside)
        sys.stdout.write(
            f"p95 {before:.0f} ms without, {after:.0f} ms beside a file; {len(quiet)}, {len(beside)} segments\n"
        )
        assert after <= 1.5 * before
        await desk.other.redis.delete(BULK)


def p95_ms(results: list[Result]) -> float:
    """Return the 95th percentile of the time from queue to text."""
    value = percentile([result.queue_ms + result.decode_ms for result in results], 0.95)
    assert value is not None
    return value
