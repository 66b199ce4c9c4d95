"""Minimal worker: it reads jobs and ends them with one script, without the safeguards of the real one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from protocol.errors import ErrorCode
from protocol.job import (
    GROUP,
    SESSION_TTL_MS,
    WORKERS_KEY,
    Failure,
    Hypothesis,
    Job,
    JobKind,
    Keys,
    Outcome,
    Result,
    decode_job,
    encode_notice,
    encode_status,
)
from protocol.monitor import WorkerState, WorkerStatus
from runtime.tasks import Tasks
from tests.helpers.waiting import wait_until

FINISH = """
local hash, stream, backlog = unpack(KEYS)
local n, id, samples, ended, result, channels, lifetime = unpack(ARGV)
local job = redis.call("HGET", hash, "job:" .. n)
local mine = job and string.match(job, "^%d+ (%S+)") == id
local spec = redis.call("HGET", hash, "spec:" .. n)
if mine then
  redis.call("HSET", hash, "end:" .. n, ended, "result:" .. n, result)
  redis.call("HDEL", hash, "job:" .. n)
  redis.call("PEXPIRE", hash, lifetime)
  redis.call("SPUBLISH", channels .. redis.call("HGET", hash, "gateway"), result)
elseif spec and string.match(spec, "^%d+ (%S+)") == id and string.match(ended, "^final") then
  redis.call("HSET", hash, "result:" .. n, result)
end
redis.call("XACK", stream, "workers", id)
if redis.call("XDEL", stream, id) == 1 then
  redis.call("HINCRBY", backlog, stream, -samples)
end
return mine and 1 or 0
"""


def recognise_length(job: Job) -> Outcome:
    """Return a result whose text is the number of samples and the sum of their bytes."""
    return Result(job.session, job.segment, f"{job.samples}:{sum(job.pcm)}", job.attempt, model="fake", worker="w")


async def until_withdrawn(redis: "Redis", priority: str = "interactive") -> None:
    """Wait until no job of this class is queued."""

    async def withdrawn() -> bool:
        return await redis.xlen(Keys().jobs(priority)) == 0

    await wait_until(withdrawn, "the jobs are withdrawn")


def fail(job: Job) -> Outcome:
    """Return a retryable failure."""
    return Failure(job.session, job.segment, ErrorCode.ENGINE_FAILED, "on purpose", job.attempt, retryable=True)


class FakeWorker:
    """Worker with ``recognise`` as its engine. Tests call ``take`` and ``finish`` themselves, or ``run``."""

    def __init__(
        self, url: str, recognise: Callable[[Job], Outcome] = recognise_length, priority: str = "interactive"
    ) -> None:
        self.redis = Redis.from_url(url, protocol=2)
        self.recognise = recognise
        self.ended = 0
        self.speculated: list[Job] = []
        self.hypotheses: list[Job] = []
        self._stream, self._partials = Keys().jobs(priority), Keys().partials()

    async def announce(self) -> None:
        """Publish a worker status and create the streams, as a ready worker does."""
        for stream in (self._stream, self._partials):
            with suppress(ResponseError):
                await self.redis.xgroup_create(stream, GROUP, id="0-0", mkstream=True)
        now = int((await self.redis.time())[0]) * 1000
        status = WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE, at_ms=now)
        await self.redis.hset(WORKERS_KEY, "w", encode_status(status))

    async def answer_hypotheses(self, text: Callable[[Job], str]) -> None:
        """Answer all waiting requests for hypotheses."""
        read: Any = await self.redis.xreadgroup(GROUP, "fake", {self._partials: ">"}, noack=True)
        for _, found in read or []:
            for entry, fields in found:
                await self.redis.xdel(self._partials, entry)
                job = decode_job(fields)
                self.hypotheses.append(job)
                gateway: Any = await self.redis.hget(Keys().session(job.session), "gateway")
                answer = Hypothesis(job.session, job.segment, text(job), job.attempt, job.samples)
                await self.redis.spublish(Keys().results(gateway.decode()), encode_notice(answer))

    async def take(self, block_ms: int = 5_000) -> tuple[bytes, Job] | None:
        """Return the next job, or ``None`` if none comes in time."""
        with suppress(ResponseError):
            await self.redis.xgroup_create(self._stream, GROUP, id="0-0", mkstream=True)
        entries: Any = await self.redis.xreadgroup(GROUP, "fake", {self._stream: ">"}, count=1, block=block_ms)
        for _, found in entries or []:
            for entry, fields in found:
                return entry, decode_job(fields)
        return None

    async def finish(self, entry: bytes, job: Job, outcome: Outcome) -> bool:
        """Store and publish the outcome, unless the segment has ended or has another job."""
        state = "final" if isinstance(outcome, Result) else "failed"
        keys = (Keys().session(job.session), self._stream, Keys().backlog)
        ended = f"{state} {job.attempt}"
        arguments = (job.segment, entry, job.samples, ended, encode_notice(outcome), Keys().results_prefix)
        counted = await self.redis.eval(FINISH, 3, *keys, *arguments, SESSION_TTL_MS)
        self.ended += int(counted)
        return bool(counted)

    async def run(self, text: Callable[[Job], str] | None = None) -> None:
        """Work until cancelled, across broker restarts. With ``text`` it also makes partials."""
        while True:
            try:
                if text is not None:
                    await self.announce()
                    await self.answer_hypotheses(text)
                taken = await self.take(block_ms=1_000 if text is None else 20)
                if taken is not None:
                    entry, job = taken
                    if job.kind is JobKind.SPECULATE:
                        self.speculated.append(job)
                    await self.finish(entry, job, self.recognise(job))
            except (RedisError, OSError):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def working(
    url: str,
    recognise: Callable[[Job], Outcome] = recognise_length,
    text: Callable[[Job], str] | None = None,
    priority: str = "interactive",
) -> AsyncIterator[FakeWorker]:
    """Run a fake worker of one class; with ``text`` it makes partials and publishes its status."""
    worker = FakeWorker(url, recognise, priority)
    try:
        async with Tasks("fake worker") as tasks:
            tasks.start(worker.run(text), "run")
            yield worker
    finally:
        await worker.redis.aclose()
