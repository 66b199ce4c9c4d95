"""Waiting times of four interactive jobs that are all queued when a worker on a CPU becomes free.

    python -m benchmarks.waiting [--engine digits] [--rounds 20] [--seconds 5] [--json FILE]

A worker decodes one recording; meanwhile four more are queued. The wait of each is the time from the first result
to its own. Every recording is ``--seconds`` long. Engines: ``digits``, FunASR's small model on one thread, and
``checksum``, which only takes the time of SenseVoiceSmall (RTF 0.047) and saves nothing in a batch.
"""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Sequence
from itertools import count, cycle

from benchmarks.report import arguments, report
from protocol.engine import EngineSettings
from protocol.job import Job, Notice, Result
from runtime.tasks import loop_time
from tests.helpers.digits import MODEL, shipped_digits
from tests.helpers.valkey import running_broker
from tests.helpers.waiting import wait_until
from tests.worker.scripts import KEYS, SESSION, GatewaySide, gateway_side
from worker.broker.jobs import ShardJobs
from worker.consumer import Consumer, ConsumerIntervals
from worker.supervision.engine_supervisor import EngineLimits, EngineSupervisor

_JOBS = 4
_STREAM = KEYS.jobs("interactive")
_ENGINES = {
    "digits": EngineSettings("funasr", device="cpu", threads=1, extra={"folder": str(MODEL)}),
    "checksum": EngineSettings("checksum", device="cpu", extra={"rtf": "0.047", "slots": "4"}),
}


def recordings(seconds: float) -> list[bytes]:
    """Return as many recordings as there are jobs in a round, of similar length."""
    digits = cycle([digit.pcm for digit in shipped_digits()])
    made = []
    for _ in range(_JOBS + 1):
        pcm = b""
        while len(pcm) < seconds * 32_000:
            pcm += next(digits)
        made.append(pcm[: int(seconds * 16_000) * 2])
    return made


async def results(heard: Callable[[], Awaitable[Notice | None]], wanted: int) -> list[float]:
    """Return the times at which the next results arrive."""
    came: list[float] = []
    while len(came) < wanted:
        if isinstance(await heard(), Result):
            came.append(loop_time())
    return came


async def measure(url: str, settings: EngineSettings, rounds: int, pcm: Sequence[bytes]) -> list[list[float]]:
    """Return the waits of each round, in seconds."""
    engine = EngineSupervisor(settings, EngineLimits())
    numbers, waits = count(), list[list[float]]()
    async with gateway_side(url) as other, ShardJobs(url, "w", KEYS) as jobs, other.listening() as heard:
        await other.attach()
        consumer = Consumer("w", jobs, engine, ConsumerIntervals(), KEYS)
        working = asyncio.create_task(consumer.run())
        try:
            await queue(other, [Job(SESSION, next(numbers), pcm[0], len(pcm[0]) // 2)])
            await results(heard, 1)  # loads the model
            for _ in range(rounds):
                first_pcm, *others = pcm
                await queue(other, [Job(SESSION, next(numbers), first_pcm, len(first_pcm) // 2)])
                await wait_until(lambda: other.pending(_STREAM), "the worker has taken it")
                await queue(other, [Job(SESSION, next(numbers), one, len(one) // 2) for one in others])
                first, *rest = await results(heard, len(pcm))
                waits.append([at - first for at in rest])
        finally:
            consumer.drain()
            await working
    return waits


async def queue(other: GatewaySide, jobs: Sequence[Job]) -> None:
    """Queue the jobs one after the other: faster than one of them is decoded."""
    for job in jobs:
        await other.submit(job, _STREAM)


def main() -> None:
    """Measure and print the figures."""
    options = arguments(__doc__, engine="digits", rounds=20, seconds=5.0)
    with running_broker() as broker:
        pcm = recordings(options.seconds)
        waits = asyncio.run(measure(broker.url, _ENGINES[options.engine], options.rounds, pcm))
    medians = [statistics.median(waits[n] for waits in waits) for n in range(_JOBS)]
    row = {
        "engine": options.engine,
        "rounds": len(waits),
        **{f"wait_{n + 1}_ms": 1000 * at for n, at in enumerate(medians)},
        "mean_ms": 1000 * statistics.mean(medians),
    }
    report("waiting", [row], options.json)


if __name__ == "__main__":
    main()
