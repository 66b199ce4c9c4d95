"""Speculations in the broker, on every installed kind: right, wrong, late, replaced, lost, refused."""

from typing import Any

import pytest

from backend.broker.jobs import open_jobs
from backend.broker.records import Attachment, JobQueued, NothingToPromote, Record, SessionGone
from protocol.errors import ErrorCode
from protocol.job import Ended, EndState, Failure, Job, JobKind, Keys, Result
from protocol.recognition import Options
from tests.backend.broker_setting import HASH, STREAM, Setting, job
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SLOTS = 4
FINAL = Record(end=Ended(EndState.FINAL, 0), outcome=Result("s", 0, "hi"))


def beginning(samples: int = 100, segment: int = 0, attempt: int = 0, **options: Any) -> Job:
    return job(segment, samples, attempt, kind=JobKind.SPECULATE, options=Options(**options))


async def nothing_is_left(at: Setting) -> None:
    assert (await at.entries(), await at.backlog(), await at.field("spec:0")) == (0, 0, None)
    await at.worker.announce()
    assert (await at.redis.xpending(STREAM, "workers"))["pending"] == 0


async def fail_it(at: Setting) -> None:
    taken = await at.worker.take()
    assert taken is not None
    await at.worker.finish(*taken, Failure("s", 0, ErrorCode.ENGINE_FAILED, "no"))


class TestRight:
    async def test_waiting_speculation_becomes_job(self, at: Setting) -> None:
        assert await at.jobs.speculate(beginning(), SLOTS)
        assert await at.jobs.promote("s", 0, 0, 100) == JobQueued(0)
        assert (await at.entries(), await at.backlog(), await at.field("spec:0")) == (1, 100, None)
        assert await at.recognise("hi")
        assert await at.field("end:0") == "final 0"
        await nothing_is_left(at)

    async def test_running_speculation_becomes_job(self, at: Setting) -> None:
        await at.jobs.speculate(beginning(), SLOTS)
        taken = await at.worker.take()
        assert taken is not None
        assert await at.jobs.promote("s", 0, 0, 100) == JobQueued(0)
        assert await at.worker.finish(*taken, Result("s", 0, "hi"))
        await nothing_is_left(at)

    async def test_finished_speculation_becomes_final(self, at: Setting) -> None:
        await at.jobs.speculate(beginning(), SLOTS)
        await at.recognise("hi")
        assert await at.field("end:0") is None
        assert await at.jobs.promote("s", 0, 0, 100) == FINAL
        assert await at.jobs.promote("s", 0, 0, 100) == FINAL
        assert (await at.jobs.reread("s", [0])).segments == {0: FINAL}
        await nothing_is_left(at)

    async def test_promotion_and_submit_can_be_repeated_after_lost_reply(self, at: Setting) -> None:
        await at.jobs.speculate(beginning(), SLOTS)
        await at.jobs.promote("s", 0, 0, 100)
        assert await at.jobs.promote("s", 0, 0, 100) == JobQueued(0)
        assert await at.jobs.submit(job()) == JobQueued(0)
        assert await at.entries() == 1


class TestWrong:
    async def test_speculation_of_other_length_is_withdrawn(self, at: Setting) -> None:
        await at.jobs.speculate(beginning(), SLOTS)
        assert await at.jobs.promote("s", 0, 0, 101) == NothingToPromote()
        await nothing_is_left(at)

    async def test_speculation_of_other_attempt_is_withdrawn(self, at: Setting) -> None:
        for done in (False, True):
            await at.jobs.speculate(beginning(), SLOTS)
            if done:
                await at.recognise("hi")
            assert await at.jobs.promote("s", 0, 1, 100) == NothingToPromote()
            assert await at.field("result:0") is None
            await nothing_is_left(at)

    @pytest.mark.parametrize("done", [False, True])
    async def test_submission_drops_speculation(self, at: Setting, done: bool) -> None:
        await at.jobs.speculate(beginning(60), SLOTS)
        if done:
            await at.recognise("half of it")
        assert await at.jobs.submit(job()) == JobQueued(0)
        assert (await at.entries(), await at.backlog()) == (1, 100)
        assert (await at.field("spec:0"), await at.field("result:0")) == (None, None)
        assert await at.recognise("all of it")
        await nothing_is_left(at)

    async def test_submission_by_other_gateway_drops_speculation_and_late_result(
        self, at: Setting, any_broker: Broker
    ) -> None:
        await at.jobs.speculate(beginning(60), SLOTS)
        taken = await at.worker.take()
        assert taken is not None
        async with open_jobs(any_broker.url, "h") as other:
            attached = await other.attach("s", "o", resume=True)
            assert isinstance(attached, Attachment) and attached.segments == {}
            assert await other.submit(job()) == JobQueued(0)
        assert not await at.worker.finish(*taken, Result("s", 0, "half of it"))
        assert await at.field("result:0") is None
        assert await at.recognise("all of it")
        await nothing_is_left(at)

    async def test_newer_speculation_replaces_older_one(self, at: Setting) -> None:
        await at.jobs.speculate(beginning(100), SLOTS)
        taken = await at.worker.take()
        assert taken is not None
        assert await at.jobs.speculate(beginning(140), 1)
        assert (await at.entries(), await at.backlog()) == (1, 140)
        await at.worker.finish(*taken, Result("s", 0, "older"))
        assert await at.field("result:0") is None
        assert await at.jobs.promote("s", 0, 0, 140) == JobQueued(0)

    async def test_failed_speculation_cannot_be_promoted(self, at: Setting) -> None:
        await at.jobs.speculate(beginning(), SLOTS)
        await fail_it(at)
        assert await at.jobs.promote("s", 0, 0, 100) == NothingToPromote()
        assert await at.field("failures:0") is None
        await nothing_is_left(at)

    async def test_speculation_of_cancelled_segment_is_withdrawn(self, at: Setting) -> None:
        for done in (False, True):
            await at.jobs.speculate(beginning(segment=int(done)), SLOTS)
            if done:
                await at.recognise("hi")
            await at.jobs.cancel("s", int(done), 0)
            assert await at.field(f"result:{int(done)}") is None
            await nothing_is_left(at)


class TestNotMade:
    async def test_speculation_is_refused_once_a_job_exists(self, at: Setting) -> None:
        await at.jobs.submit(job())
        assert not await at.jobs.speculate(beginning(50), SLOTS)
        assert await at.entries() == 1
        await at.recognise("hi")
        assert not await at.jobs.speculate(beginning(50), SLOTS)
        assert await at.jobs.promote("s", 0, 0, 50) == FINAL
        assert await at.jobs.promote("s", 0, 1, 50) == FINAL, "a text ends every attempt"
        assert await at.entries() == 0

    async def test_speculation_is_refused_after_failed_attempt(self, at: Setting) -> None:
        await at.jobs.submit(job())
        await at.fail()
        assert not await at.jobs.speculate(beginning(attempt=1), SLOTS)
        assert isinstance(await at.jobs.promote("s", 0, 0, 100), Record)
        assert await at.jobs.promote("s", 0, 1, 100) == NothingToPromote()
        assert await at.jobs.submit(job(attempt=1)) == JobQueued(0)

    async def test_speculation_is_refused_when_jobs_fill_all_slots(self, at: Setting) -> None:
        await at.jobs.submit(job(1))
        assert not await at.jobs.speculate(beginning(), 1)
        assert await at.jobs.speculate(beginning(), 2)
        assert not await at.jobs.speculate(beginning(segment=2), 2)
        assert not await at.jobs.speculate(beginning(segment=3, model="m"), 2)
        assert await at.entries(Keys().jobs("interactive", "m")) == 0

    async def test_speculation_for_unknown_session_is_refused(self, at: Setting) -> None:
        await at.redis.delete(HASH)
        assert not await at.jobs.speculate(beginning(), SLOTS)
        assert await at.jobs.promote("s", 0, 0, 1) == SessionGone()
        assert await at.redis.exists(HASH) == 0

    async def test_full_broker_refuses_speculation_without_blocking_others(self, at: Setting) -> None:
        await at.jobs.speculate(beginning(segment=1), SLOTS)
        await at.redis.config_set("maxmemory", "1")
        refused = at.jobs.speculate(beginning(), SLOTS)
        assert await at.jobs.promote("s", 1, 0, 100) == JobQueued(0)
        await wait_until(refused.done, "a reply")
        assert refused.exception() is not None and at.jobs.up


async def test_entry_of_expired_session_is_still_removed(at: Setting) -> None:
    await at.jobs.speculate(beginning(), SLOTS)
    await at.redis.delete(HASH)
    assert not await at.recognise("nobody waits")
    assert await at.redis.exists(HASH) == 0
    await nothing_is_left(at)
