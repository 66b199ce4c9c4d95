"""A session on a real broker, with the gateway's jobs, a worker and direct access."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from backend.broker.jobs import Jobs, open_jobs
from protocol.errors import ErrorCode
from protocol.job import (
    Failure,
    Job,
    Keys,
    Notice,
    Result,
)
from tests.backend.fake_worker import FakeWorker
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

HASH = Keys().session("s")
STREAM = Keys().jobs("interactive")


def job(segment: int = 0, samples: int = 100, attempt: int = 0, **fields: Any) -> Job:
    return Job("s", segment, bytes(2 * samples), samples, attempt, **fields)


@dataclass
class Setting:
    """Jobs of gateway ``g``, a worker of the test, and direct access to the broker."""

    jobs: Jobs
    worker: FakeWorker
    redis: "Redis"

    async def backlog(self, stream: str = STREAM) -> int:
        found: Any = await self.redis.hget(Keys().backlog, stream)
        return int(found or 0)

    async def field(self, name: str) -> str | None:
        found: Any = await self.redis.hget(HASH, name)
        return None if found is None else found.decode()

    async def entries(self, stream: str = STREAM) -> int:
        return int(await self.redis.xlen(stream))

    async def recognise(self, text: str = "hi", which: Job | None = None) -> bool:
        """Let the worker take the next job and end it."""
        taken = await self.worker.take()
        assert taken is not None
        entry, found = taken
        result = Result("s", found.segment, text, found.attempt)
        return await self.worker.finish(entry, which or found, result)

    async def fail(self) -> None:
        taken = await self.worker.take()
        assert taken is not None
        entry, found = taken
        failure = Failure("s", found.segment, ErrorCode.ENGINE_FAILED, "no", found.attempt)
        await self.worker.finish(entry, found, failure)


@asynccontextmanager
async def on(broker: Broker) -> AsyncIterator[Setting]:
    worker, redis = FakeWorker(broker.url), Redis.from_url(broker.url, protocol=2)
    async with open_jobs(broker.url, "g") as jobs, redis, worker.redis:
        yield Setting(jobs, worker, redis)


class listening:
    """Collector of everything published to a gateway during the context."""

    count = 0

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._notices: list[Notice] = []

    async def __aenter__(self) -> list[Notice]:
        type(self).count = 0
        self._task = asyncio.create_task(self._jobs.listen(self._notices.append, self._subscribed))
        await wait_until(lambda: self.count == 1, "a subscription")
        return self._notices

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _subscribed(self) -> None:
        type(self).count += 1
