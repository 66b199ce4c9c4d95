"""Workers for tests: one within this process, and the command in a separate process."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

from protocol.engine import EngineSettings
from protocol.job import ANY_MODEL, EndState, Job, Keys, Result
from tests.helpers.fault_engines import ENGINE, Fault, pcm
from tests.helpers.valkey import Broker, running_broker
from tests.helpers.waiting import wait_until
from tests.worker.scripts import KEYS, MODEL, SESSION, GatewaySide, result
from worker.broker.jobs import ShardJobs
from worker.consumer import Consumer, ConsumerIntervals
from worker.supervision.engine_supervisor import EngineLimits, EngineSupervisor

QUICK = ConsumerIntervals(renew_s=0.1, sweep_s=0.1, heartbeat_s=0.1, drain_s=30.0, decode_spare_s=30.0)


def fault_job(fault: Fault, segment: int = 0, attempt: int = 0) -> Job:
    """Return a job that makes the fault engine do ``fault``."""
    audio = pcm(fault)
    return Job(SESSION, segment, audio, len(audio) // 2, attempt)


async def recognise(url: str) -> None:
    """Run a worker without an engine: the text of each segment is its number."""
    async with ShardJobs(url, "w", Keys()) as jobs:
        await jobs.serve([Keys().jobs("interactive", ANY_MODEL)])
        while True:
            for delivery in (await jobs.wait(100)).jobs:
                await jobs.finish(delivery, result(delivery.job, f"text {delivery.job.segment}"))


class Worker:
    """Consumer with a fault engine, running in a task."""

    def __init__(self, consumer: Consumer, engine: EngineSupervisor) -> None:
        self.consumer = consumer
        self.engine = engine
        self.task = asyncio.create_task(consumer.run())

    async def drained(self) -> None:
        """Drain the worker and wait until it has left."""
        self.consumer.drain()
        async with asyncio.timeout(60):
            await self.task


@asynccontextmanager
async def working(
    url: str,
    worker: str = "w",
    timing: ConsumerIntervals = QUICK,
    limits: EngineLimits | None = None,
    **extra: str,
) -> AsyncIterator[Worker]:
    """Run a worker that is drained at the end."""
    engine = EngineSupervisor(EngineSettings(ENGINE, MODEL, extra=extra), limits or EngineLimits())
    async with ShardJobs(url, worker, KEYS, stale_ms=60_000) as jobs:  # tolerate a slow machine
        running = Worker(Consumer(worker, jobs, engine, timing, KEYS), engine)
        try:
            yield running
        finally:
            await running.drained()


async def ended(other: GatewaySide, segment: int = 0, attempt: int = 0) -> EndState:
    """Wait until the segment has ended; return how."""
    end: bytes = await wait_until(lambda: other.end(segment), f"segment {segment} ends")
    state, of_attempt = end.decode().split()
    assert int(of_attempt) == attempt
    return EndState(state)


async def text(other: GatewaySide, segment: int = 0) -> str:
    """Wait for a final segment; return its text."""
    assert await ended(other, segment) is EndState.FINAL
    stored = await other.stored(segment)
    assert isinstance(stored, Result)
    return stored.text


@contextmanager
def worker_process(url: str, home: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run ``kikipounamu-worker run``; kill it at the end if it still runs."""
    command = [str(Path(sys.executable).parent / "kikipounamu-worker"), "run", "--redis", url, *options]
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(home)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()


def persistent_broker(folder: Path) -> AbstractContextManager[Broker]:
    """Run a broker that stores its data in ``folder``; kill it at the end, so that it can be restarted."""
    return running_broker(None, "--appendonly", "yes", "--appendfsync", "always", folder=folder)
