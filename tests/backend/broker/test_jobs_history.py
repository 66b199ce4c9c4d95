"""History entries written by the scripts of gateway and worker, on every installed kind of broker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from backend.broker.jobs import Jobs, open_jobs
from backend.history.folding import OVER
from backend.history.inbox import Inbox, InboxBacklog
from backend.history.records import FeedEntry, SessionOwner, feed_field
from backend.workers.accounts import WorkerAccounts
from protocol.job import Job, JobKind, Keys
from tests.helpers.valkey import Broker
from tests.worker.scripts import failure, job, jobs_of, result, take_one
from worker.broker.jobs import ShardJobs as WorkerJobs
from worker.broker.jobs import Verdict
from worker.core.delivery import Delivery

ABOUT = SessionOwner("o", "Ann's “laptop”", "acme", "test/1")
MOST = 5


@dataclass
class Setting:
    """A session ``s`` whose history is kept, a worker, and a reader of the feed."""

    jobs: Jobs
    worker: WorkerJobs
    inbox: Inbox

    async def said(self) -> list[tuple[int, Any, int]]:
        """Return segment, outcome and samples of all new entries."""
        letters = await self.inbox.take(100) or await self.inbox.take(100)  # the first call creates the group
        entries = [letter.entry for letter in letters]
        assert all(isinstance(entry, FeedEntry) and entry.about == ABOUT for entry in entries)
        return [(entry.segment, entry.outcome, entry.samples) for entry in entries if entry]


def of(segment: int = 0, **changes: Any) -> Job:
    return replace(job(segment, session="s"), **changes)


async def at_last(worker: WorkerJobs) -> Delivery:
    """Return the job that waits or was handed back."""
    (delivery,) = await worker.take(1) or await worker.sweep(1)
    return delivery


@asynccontextmanager
async def on(broker: Broker, most: int = MOST) -> AsyncIterator[Setting]:
    async with open_jobs(broker.url, "g") as jobs, jobs_of(broker.url) as worker:
        await jobs.attach("s", "o", resume=False, history=feed_field(ABOUT, most))
        yield Setting(jobs, worker, Inbox(jobs.shards[0].administer, "g"))


@pytest.fixture
async def at(any_broker: Broker) -> AsyncIterator[Setting]:
    async with on(any_broker) as setting:
        yield setting


async def test_result_enters_history_once(at: Setting) -> None:
    await at.jobs.submit(of())
    delivery = await take_one(at.worker)
    assert await at.worker.finish(delivery, result(of(), "你好 hello"))
    assert not await at.worker.finish(delivery, result(of(), "a late twin"))
    assert await at.said() == [(0, result(of(), "你好 hello"), 1600)]


async def test_only_permanent_failure_enters_history(at: Setting) -> None:
    await at.jobs.submit(of())
    for _ in range(3):
        assert await at.said() == []
        await at.worker.fail(await at_last(at.worker), failure(of()))
    assert await at.said() == [(0, failure(of()), 1600)]


async def test_speculation_enters_history_once_promoted(at: Setting) -> None:
    await at.jobs.speculate(of(kind=JobKind.SPECULATE), 9)
    await at.worker.finish(await take_one(at.worker), result(of()))
    assert await at.said() == []
    for _ in range(2):
        await at.jobs.promote("s", 0, 0, 1600)
    assert await at.said() == [(0, result(of()), 1600)]


async def test_cancellation_and_end_of_session_enter_history(at: Setting) -> None:
    await at.jobs.submit(of(3))
    await at.jobs.cancel("s", 3, 0)
    await at.jobs.forget("s")
    assert await at.said() == [(3, None, 0), (OVER, None, 0)]


async def test_session_without_history_writes_no_entries(any_broker: Broker, at: Setting) -> None:
    await at.jobs.attach("s", "o", resume=True)
    await at.jobs.submit(of())
    await at.worker.finish(await take_one(at.worker), result(of()))
    await at.jobs.cancel("s", 0, 0)
    await at.jobs.forget("s")
    async with Redis.from_url(any_broker.url, protocol=2) as redis:
        assert await redis.exists(Keys().history_keys[0]) == 0
    await at.jobs.attach("s", "o", resume=True, history=feed_field(ABOUT, MOST))
    await at.jobs.submit(of(1))
    await at.jobs.cancel("s", 1, 0)
    assert await at.said() == [(1, None, 0)]


async def test_cancelling_unknown_segment_writes_no_entry(at: Setting) -> None:
    """A client that returns after its session expired cancels its segments; the history must keep them."""
    for _ in range(2):  # commands may be repeated
        await at.jobs.cancel("s", 0, 0)
    assert await at.said() == []


@pytest.mark.parametrize("stage", ["waits", "is guessed", "ended", "was received"])
async def test_cancelled_segment_enters_history_once_at_every_stage(at: Setting, stage: str) -> None:
    if stage == "is guessed":
        await at.jobs.speculate(of(kind=JobKind.SPECULATE), 9)
    else:
        await at.jobs.submit(of())
    if stage in ("ended", "was received"):
        await at.worker.finish(await take_one(at.worker), result(of()))
    if stage == "was received":
        await at.jobs.confirm_received("s", 0)
    for _ in range(2):
        await at.jobs.cancel("s", 0, 0)
    assert [said for said in await at.said() if said[1] is None] == [(0, None, 0)]


async def test_feed_drops_and_counts_oldest_entries_above_limit(at: Setting) -> None:
    for segment in range(MOST + 3):
        await at.jobs.submit(of(segment))
        await at.worker.finish(await take_one(at.worker), result(of(segment)))
    assert await at.inbox.backlog() == InboxBacklog(MOST, 3)
    assert [segment for segment, _, _ in await at.said()] == [3, 4, 5, 6, 7]


async def test_gateway_counts_entries_that_it_leaves_out(at: Setting) -> None:
    for segment in range(MOST + 3):
        await at.jobs.submit(of(segment))
        await at.jobs.cancel("s", segment, 0)
        if segment == MOST - 1:
            assert await at.inbox.backlog() == InboxBacklog(MOST, 0)
    assert await at.inbox.backlog() == InboxBacklog(MOST, 3)


async def test_remote_worker_can_write_but_not_read_history(any_broker: Broker, at: Setting) -> None:
    accounts = WorkerAccounts(at.jobs.shards[0].administer, "g")
    async with accounts.account("w") as account:
        url = any_broker.url.replace("unix://", f"unix://{account.name}:{account.password}@")
        async with jobs_of(url) as lent:
            for segment in range(MOST + 1):
                await at.jobs.submit(of(segment))
                assert await lent.finish(await take_one(lent), result(of(segment)))
            await at.jobs.submit(of(MOST + 1))
            verdicts = [await lent.fail(await at_last(lent), failure(of(MOST + 1))) for _ in range(3)]
            assert verdicts == [Verdict.AGAIN, Verdict.AGAIN, Verdict.DEAD]
        async with Redis.from_url(url, protocol=2) as redis:
            with pytest.raises(NoPermissionError):
                await redis.xrange(Keys().history_keys[0])
    assert await at.inbox.backlog() == InboxBacklog(MOST, 2)
    assert len(await at.jobs.dead_letters()) == 1
