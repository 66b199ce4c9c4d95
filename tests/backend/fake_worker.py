"""A worker of a few lines: reads jobs and ends them with one script, as a real one does, without its care."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from protocol.errors import ErrorCode
from protocol.job import GROUP, SESSION_TTL_MS, Failure, Job, Keys, Outcome, Result, decode_job, encode_notice
from runtime.tasks import Tasks

FINISH = """
local hash, stream, backlog = unpack(KEYS)
local n, id, samples, ended, result, channels, lifetime = unpack(ARGV)
local job = redis.call("HGET", hash, "job:" .. n)
local mine = job and string.match(job, "^%d+ (%S+)") == id
if mine then
  redis.call("HSET", hash, "end:" .. n, ended, "result:" .. n, result)
  redis.call("HDEL", hash, "job:" .. n)
  redis.call("PEXPIRE", hash, lifetime)
  redis.call("SPUBLISH", channels .. redis.call("HGET", hash, "gateway"), result)
end
redis.call("XACK", stream, "workers", id)
if redis.call("XDEL", stream, id) == 1 then
  redis.call("HINCRBY", backlog, stream, -samples)
end
return mine and 1 or 0
"""


def say_length(job: Job) -> Outcome:
    """A result whose text depends on the audio: its samples' count and the sum of its bytes."""
    return Result(job.session, job.segment, f"{job.samples}:{sum(job.pcm)}", job.attempt, model="fake", worker="w")


def fail(job: Job) -> Outcome:
    """A failure that may be tried again."""
    return Failure(job.session, job.segment, ErrorCode.ENGINE_FAILED, "on purpose", job.attempt, retryable=True)


class FakeWorker:
    """``recognise`` makes the outcome. ``take`` and ``finish`` do by hand what ``run`` does."""

    def __init__(self, url: str, recognise: Callable[[Job], Outcome] = say_length) -> None:
        self.redis = Redis.from_url(url, protocol=2)
        self.recognise = recognise
        self.ended = 0
        self._stream = Keys().jobs("interactive")

    async def take(self, block_ms: int = 5_000) -> tuple[bytes, Job] | None:
        """The next job, if one comes in time."""
        with suppress(ResponseError):
            await self.redis.xgroup_create(self._stream, GROUP, id="0-0", mkstream=True)
        entries: Any = await self.redis.xreadgroup(GROUP, "fake", {self._stream: ">"}, count=1, block=block_ms)
        for _, found in entries or []:
            for entry, fields in found:
                return entry, decode_job(fields)
        return None

    async def finish(self, entry: bytes, job: Job, outcome: Outcome) -> bool:
        """Store and publish the outcome, unless the segment has ended or its job is another one."""
        state = "final" if isinstance(outcome, Result) else "failed"
        keys = (Keys().session(job.session), self._stream, Keys().backlog)
        ended = f"{state} {job.attempt}"
        arguments = (job.segment, entry, job.samples, ended, encode_notice(outcome), Keys().results_prefix)
        counted = await self.redis.eval(FINISH, 3, *keys, *arguments, SESSION_TTL_MS)
        self.ended += int(counted)
        return bool(counted)

    async def run(self) -> None:
        """Work until cancelled; goes on when the broker comes back."""
        while True:
            try:
                taken = await self.take(block_ms=1_000)
                if taken is not None:
                    entry, job = taken
                    await self.finish(entry, job, self.recognise(job))
            except (RedisError, OSError):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def working(url: str, recognise: Callable[[Job], Outcome] = say_length) -> AsyncIterator[FakeWorker]:
    """A fake worker at work."""
    worker = FakeWorker(url, recognise)
    try:
        async with Tasks("fake worker") as tasks:
            tasks.start(worker.run(), "run")
            yield worker
    finally:
        await worker.redis.aclose()
