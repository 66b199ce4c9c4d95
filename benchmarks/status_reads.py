"""Cost of reading the status of all workers, as each worker and each process of a gateway does every two seconds.

    python -m benchmarks.status_reads [--workers 100,1000,3000] [--reads 300] [--json FILE]

No other traffic of a fleet grows with the square of its size. Figures are CPU ms of one read: by a worker
(``ShardJobs.fleet``) and by a gateway (``Jobs.survey``), each with the broker's part.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

from backend.broker.jobs import open_jobs
from benchmarks.programs import cpu_seconds
from benchmarks.report import arguments, report
from protocol.job import WORKERS_KEY, Keys, encode_status
from protocol.monitor import WorkerState, WorkerStatus
from tests.helpers.valkey import Broker, running_broker
from worker.broker.jobs import ShardJobs


def status(number: int) -> WorkerStatus:
    """Return the status of a typical worker."""
    return WorkerStatus(
        worker=f"worker-{number}-{number:08x}",
        host=f"host-{number}",
        engine="sensevoice-onnx",
        model="sensevoice-small-onnx",
        device="cuda:0",
        state=WorkerState.BUSY,
        slots=16,
        languages=("zh", "en", "yue", "ja", "ko"),
        done=number,
        audio_s=number * 3.5,
        speed=500.0,
        cpu_percent=50.0,
        memory_bytes=2**30,
        gpu_percent=70.0,
        gpu_memory_bytes=2**33,
        at_ms=int(time.time() * 1000) + 600_000,  # so that it does not grow old meanwhile
    )


async def cpu_ms(read: Callable[[], Awaitable[object]], reads: int, broker: Broker) -> tuple[float, float]:
    """Return the CPU of one read in this process and in the broker."""
    await read()
    mine, theirs = time.process_time(), cpu_seconds(broker.process.pid)
    for _ in range(reads):
        await read()
    return (time.process_time() - mine) * 1000 / reads, (cpu_seconds(broker.process.pid) - theirs) * 1000 / reads


async def measure(workers: int, reads: int) -> dict[str, object]:
    """Measure while the broker knows this many workers."""
    with running_broker() as broker:
        async with (
            ShardJobs(broker.url, "worker-0", Keys()) as worker,
            open_jobs(broker.url, "gateway") as gateway,
        ):
            async with Redis.from_url(broker.url) as redis:
                await redis.hset(
                    WORKERS_KEY, mapping={str(one): encode_status(status(one)) for one in range(workers)}
                )
            worker_ms, broker_ms = await cpu_ms(worker.fleet, reads, broker)
            gateway_ms, survey_ms = await cpu_ms(gateway.survey, reads, broker)
    return {
        "workers": workers,
        "worker_ms": worker_ms,
        "broker_for_worker_ms": broker_ms,
        "gateway_ms": gateway_ms,
        "broker_for_gateway_ms": survey_ms,
    }


def main() -> None:
    """Measure and print the figures."""
    options = arguments(__doc__, workers="100,1000,3000", reads=300)
    rows = [asyncio.run(measure(int(count), options.reads)) for count in options.workers.split(",")]
    report("status_reads", rows, options.json)


if __name__ == "__main__":
    main()
