"""What the tests of the worker's scripts share: a session with jobs in it, as a gateway would leave them."""

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
from worker.delivery import Delivery
from worker.jobs import Jobs
from worker.placement import job_streams, partial_streams

KEYS = Keys()
MODEL = "m"
STREAMS = job_streams(KEYS, MODEL)
PARTIALS = partial_streams(KEYS, MODEL)
SESSION = "7d1f3f3e-0000-4000-8000-000000000000"
GATEWAY = "gateway-1"


def job(segment: int = 0, samples: int = 1600, attempt: int = 0, session: str = SESSION) -> Job:
    """A job of so many samples; the samples say which segment it is."""
    return Job(session, segment, bytes([segment % 256, 0]) * samples, samples, attempt)


def question(segment: int = 0, samples: int = 1600, session: str = SESSION) -> Job:
    """A request for a partial of so many samples."""
    return replace(job(segment, samples, session=session), kind=JobKind.HYPOTHESISE)


def result(of: Job, text: str = "said") -> Result:
    """A result for ``of``."""
    return Result(of.session, of.segment, text, of.attempt, worker="w")


def failure(of: Job) -> Failure:
    """A failure of ``of``."""
    return Failure(of.session, of.segment, ErrorCode.ENGINE_FAILED, "no", of.attempt)


def fields_of(job: Job) -> dict[bytes, bytes]:
    """The entry of a job, as it is read."""
    return {name.encode(): value for name, value in encode_job(job).items()}


class GatewaySide:
    """Does to the broker what the gateway's own scripts do, one plain command after the other."""

    def __init__(self, redis: Redis) -> None:
        self.redis: Any = redis

    async def attach(self, session: str = SESSION, gateway: str = GATEWAY) -> None:
        """Make the session's hash."""
        await self.redis.hset(KEYS.session(session), mapping={"owner": "me", "gateway": gateway, "epoch": 1})

    async def submit(self, job: Job, stream: str = STREAMS[0], field: str = "job") -> str:
        """Queue a job and note it; returns the entry id."""
        entry: bytes = await self.redis.xadd(stream, encode_job(job))
        number = job.samples if field == "spec" else job.attempt  # as protocol/job.py says
        value = f"{number} {entry.decode()} {stream}"
        await self.redis.hset(KEYS.session(job.session), f"{field}:{job.segment}", value)
        await self.redis.hincrby(KEYS.backlog, stream, job.samples)
        return entry.decode()

    async def ask(self, question: Job, stream: str = PARTIALS[0], age_ms: int = 0) -> str:
        """Ask for a partial, as if ``age_ms`` ago; returns the entry id."""
        seconds, microseconds = await self.redis.time()
        then = f"{seconds * 1000 + microseconds // 1000 - age_ms}-*" if age_ms else "*"
        entry: bytes = await self.redis.xadd(stream, encode_job(question), id=then)
        return entry.decode()

    @asynccontextmanager
    async def listening(self, gateway: str = GATEWAY) -> AsyncIterator[Callable[[], Awaitable[Notice | None]]]:
        """Subscribed as ``gateway``; call what is given for the next notice, ``None`` when none comes."""
        pubsub = self.redis.pubsub()
        await pubsub.ssubscribe(KEYS.results(gateway))
        await pubsub.get_message(timeout=5)

        async def heard() -> Notice | None:
            message = await pubsub.get_message(timeout=5)
            return decode_notice(message["data"]) if message else None

        yield heard
        await pubsub.aclose()

    async def end(self, segment: int = 0, session: str = SESSION) -> bytes | None:
        """``end:<segment>``."""
        value: bytes | None = await self.redis.hget(KEYS.session(session), f"end:{segment}")
        return value

    async def stored(self, segment: int = 0, session: str = SESSION) -> Notice:
        """``result:<segment>``."""
        return decode_notice(await self.redis.hget(KEYS.session(session), f"result:{segment}"))

    async def pending(self, stream: str = STREAMS[0]) -> list[tuple[str, str, int]]:
        """(entry, consumer, deliveries) of what the group holds."""
        found = await self.redis.xpending_range(stream, GROUP, "-", "+", 1000)
        return [(p["message_id"].decode(), p["consumer"].decode(), p["times_delivered"]) for p in found]

    async def consumers(self, stream: str = STREAMS[0]) -> set[str]:
        """Names of the group's consumers."""
        return {info["name"].decode() for info in await self.redis.xinfo_consumers(stream, GROUP)}

    async def backlog(self, stream: str = STREAMS[0]) -> int:
        """Samples that wait or are being decoded."""
        return int(await self.redis.hget(KEYS.backlog, stream) or 0)

    async def abandon(self, entry: str, consumer: str, stream: str = STREAMS[0], idle_ms: int = 11_000) -> None:
        """Make it look as if ``consumer`` had not renewed its lease for ``idle_ms``."""
        await self.redis.xclaim(stream, GROUP, consumer, 0, [entry], idle=idle_ms, justid=True)

    async def somebody_waits(self) -> bool:
        """Whether a client blocks in a read."""
        return int((await self.redis.info("clients"))["blocked_clients"]) > 0

    async def expire_sweep(self) -> None:
        """Let the next sweep look at once."""
        await self.redis.delete(KEYS.sweep)


@asynccontextmanager
async def gateway_side(url: str) -> AsyncIterator[GatewaySide]:
    """A connection of the other side."""
    redis = Redis.from_url(url, protocol=2)
    try:
        yield GatewaySide(redis)
    finally:
        await redis.aclose()


@asynccontextmanager
async def jobs_of(url: str, worker: str = "w", stale_ms: int = STALE_MS) -> AsyncIterator[Jobs]:
    """A worker's side that serves the model ``m``."""
    async with Jobs(url, worker, KEYS, stale_ms=stale_ms) as jobs:
        await jobs.check()
        await jobs.serve(STREAMS, PARTIALS)
        yield jobs


async def take_one(jobs: Jobs) -> Delivery:
    """The one job that is there."""
    (delivery,) = await jobs.take(1)
    assert delivery.seconds == samples_to_seconds(delivery.job.samples)
    return delivery
