"""Cost of waiting for a replica (WAIT 1) after each batch of a gateway's commands.

    python -m benchmarks replication
    python -m benchmarks.replication [--batches N] [--json FILE]

A primary and a replica on this computer, each with appendfsync always. A batch submits segments of 2 s, as a
gateway does. Batches with and without WAIT take turns. Times are in ms, from the first byte to the last reply.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

from redis import Redis

from backend.broker.records import with_replaces
from backend.broker.scripts import load_scripts
from benchmarks.report import arguments, report
from protocol.audio import SAMPLE_RATE
from protocol.job import SESSION_TTL_MS, Job, Keys
from tests.helpers.redis_cluster import running_sentinels

_SECONDS: Final = 2
_SIZES: Final = (1, 16)
_WAIT_MS: Final = 1_000


def main() -> None:
    """Measure, print and save."""
    options = arguments(__doc__, batches=200)
    with running_sentinels("", "--appendonly", "yes", "--appendfsync", "always") as set_up:
        primary = set_up.primary().client()
        rows = [_row(primary, size, options.batches) for size in _SIZES]
    report("Waiting for a replica", rows, options.json, "replication")


def _row(primary: "Redis", size: int, batches: int) -> dict[str, object]:
    primary.flushall()
    primary.hset(Keys().session("s"), mapping={"owner": "me", "gateway": "g", "epoch": 1})
    primary.script_load(load_scripts()["submit"].source.decode())
    jobs = _jobs()
    times: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * batches):
        waits = bool(number % 2)
        times[waits].append(_batch(primary, [next(jobs) for _ in range(size)], waits))
        primary.delete(Keys().jobs("interactive"))  # as if recognised: the memory stays small
    without, waiting = (sorted(times[waits]) for waits in (False, True))
    return {
        "segments_in_a_batch": size,
        "p50_ms": without[len(without) // 2],
        "p95_ms": without[int(len(without) * 0.95)],
        "p50_with_wait_ms": waiting[len(waiting) // 2],
        "p95_with_wait_ms": waiting[int(len(waiting) * 0.95)],
        "ratio_of_p50": waiting[len(waiting) // 2] / without[len(without) // 2],
    }


def _batch(primary: "Redis", jobs: list[Job], waits: bool) -> float:
    keys = [Keys().session("s"), Keys().jobs("interactive"), Keys().backlog]
    pipeline: Any = primary.pipeline(transaction=False)
    for job in jobs:
        words = (job.segment, job.attempt, job.samples, SESSION_TTL_MS, *with_replaces(job))
        pipeline.evalsha(load_scripts()["submit"].digest, len(keys), *keys, *words)
    if waits:
        pipeline.execute_command("WAIT", 1, _WAIT_MS)
    begun = time.perf_counter()
    replies = pipeline.execute()
    took_ms = (time.perf_counter() - begun) * 1000
    assert not waits or replies[-1] == 1, "the replica did not confirm in time"
    return took_ms


def _jobs() -> Iterator[Job]:
    samples, number = _SECONDS * SAMPLE_RATE, 0
    while True:
        yield Job("s", number, bytes(2 * samples), samples)
        number += 1


if __name__ == "__main__":
    main()
