"""Helpers for the tests of the worker's scripts: a session with jobs, as a gateway would leave it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from msgspec.structs import replace
from redis.asyncio import Redis

from protocol.audio import samples_to_seconds
from protocol.errors import ErrorCode
from protocol.job import (
    GROUP,
    STALE_MS,
    Failure,
    Job,
    JobKind,
    Keys,
    Notice,
    Result,
    decode_notice,
    encode_job,
)
from worker.broker.jobs import ShardJobs
from worker.core.delivery import Delivery
from worker.core.placement import job_streams, partial_streams

KEYS = Keys()
MODEL = "m"
STREAMS = job_streams(KEYS, MODEL)
PARTIALS = partial_streams(KEYS, MODEL)
SESSION = "7d1f3f3e-0000-4000-8000-000000000000"
GATEWAY = "gateway-1"


def job(segment: int = 0, samples: int = 1600, attempt: int = 0, session: str = SESSION) -> Job:
    """Return a job of ``samples`` samples, whose values identify the segment."""
    return Job(session, segment, bytes([segment % 256, 0]) * samples, samples, attempt)


def question(segment: int = 0, samples: int = 1600, session: str = SESSION) -> Job:
    """Return a request for a partial of ``samples`` samples."""
    return replace(job(segment, samples, session=session), kind=JobKind.HYPOTHESISE)


def result(of: Job, text: str = "said") -> Result:
    """Return a result for the job ``of``."""
    return Result(of.session, of.segment, text, of.attempt, worker="w")


def failure(of: Job) -> Failure:
    """Return a failure of the job ``of``, as workers report it."""
    return Failure(of.session, of.segment, ErrorCode.ENGINE_FAILED, "no", of.attempt, retryable=True)


def fields_of(job: Job) -> dict[bytes, bytes]:
    """Return the stream entry of a job, as it is read."""
    return {name.encode(): value for name, value in encode_job(job).items()}


class GatewaySide:
    """Gateway side of the broker: does what the gateway's scripts do, in plain commands."""

    def __init__(self, redis: Redis) -> None:
        self.redis: Any = redis

    async def attach(self, session: str = SESSION, gateway: str = GATEWAY) -> None:
        """Create the session's hash."""
        await self.redis.hset(KEYS.session(session), mapping={"owner": "me", "gateway": gateway, "epoch": 1})

    async def submit(self, job: Job, stream: str = STREAMS[0], field: str = "job") -> str:
        """Queue a job and record it in the session; return the entry id."""
        entry: bytes = await self.redis.xadd(stream, encode_job(job))
        number = job.samples if field == "spec" else job.attempt  # as documented in protocol/job.py
        value = f"{number} {entry.decode()} {stream}"
        await self.redis.hset(KEYS.session(job.session), f"{field}:{job.segment}", value)
        await self.redis.hincrby(KEYS.backlog, stream, job.samples)
        return entry.decode()

    async def ask(self, question: Job, stream: str = PARTIALS[0], age_ms: int = 0) -> str:
        """Add a job to a stream, dated ``age_ms`` ago, and nothing to its session; return the entry id."""
        seconds, microseconds = await self.redis.time()
        then = f"{seconds * 1000 + microseconds // 1000 - age_ms}-*" if age_ms else "*"
        entry: bytes = await self.redis.xadd(stream, encode_job(question), id=then)
        return entry.decode()

    @asynccontextmanager
    async def listening(self, gateway: str = GATEWAY) -> AsyncIterator[Callable[[], Awaitable[Notice | None]]]:
        """Subscribe as ``gateway``. The yielded function returns the next notice, or ``None`` after a timeout."""
        pubsub = self.redis.pubsub()
        await pubsub.ssubscribe(KEYS.results(gateway))
        await pubsub.get_message(timeout=5)

        async def heard() -> Notice | None:
            message = await pubsub.get_message(timeout=5)
            return decode_notice(message["data"]) if message else None

        yield heard
        await pubsub.aclose()

    async def end(self, segment: int = 0, session: str = SESSION) -> bytes | None:
        """Return the value of ``end:<segment>``."""
        value: bytes | None = await self.redis.hget(KEYS.session(session), f"end:{segment}")
        return value

    async def stored(self, segment: int = 0, session: str = SESSION) -> Notice:
        """Return the notice in ``result:<segment>``."""
        return decode_notice(await self.redis.hget(KEYS.session(session), f"result:{segment}"))

    async def pending(self, stream: str = STREAMS[0]) -> list[tuple[str, str, int]]:
        """Return (entry, consumer, deliveries) of the group's pending entries."""
        found = await self.redis.xpending_range(stream, GROUP, "-", "+", 1000)
        return [(p["message_id"].decode(), p["consumer"].decode(), p["times_delivered"]) for p in found]

    async def consumers(self, stream: str = STREAMS[0]) -> set[str]:
        """Return the names of the group's consumers."""
        return {info["name"].decode() for info in await self.redis.xinfo_consumers(stream, GROUP)}

    async def backlog(self, stream: str = STREAMS[0]) -> int:
        """Return the samples that wait or are being decoded."""
        return int(await self.redis.hget(KEYS.backlog, stream) or 0)

    async def abandon(self, entry: str, consumer: str, stream: str = STREAMS[0], idle_ms: int = 11_000) -> None:
        """Age a lease, as if ``consumer`` had not renewed it for ``idle_ms``."""
        await self.redis.xclaim(stream, GROUP, consumer, 0, [entry], idle=idle_ms, justid=True)

    async def a_client_waits(self) -> bool:
        """Return whether a client blocks in a read."""
        return int((await self.redis.info("clients"))["blocked_clients"]) > 0

    async def expire_sweep(self) -> None:
        """Allow the next sweep to run at once."""
        await self.redis.delete(KEYS.sweep)


@asynccontextmanager
async def gateway_side(url: str) -> AsyncIterator[GatewaySide]:
    """Connect to the broker as the gateway's side."""
    redis = Redis.from_url(url, protocol=2)
    try:
        yield GatewaySide(redis)
    finally:
        await redis.aclose()


@asynccontextmanager
async def jobs_of(url: str, worker: str = "w", stale_ms: int = STALE_MS) -> AsyncIterator[ShardJobs]:
    """Connect as a worker that serves the model ``m``."""
    async with ShardJobs(url, worker, KEYS, stale_ms=stale_ms) as jobs:
        await jobs.check()
        await jobs.serve(STREAMS, PARTIALS)
        yield jobs


async def take_one(jobs: ShardJobs) -> Delivery:
    """Take the only job that waits."""
    (delivery,) = await jobs.take(1)
    assert delivery.seconds == samples_to_seconds(delivery.job.samples)
    return delivery
