"""Jobs left to other workers for a moment, and a worker's view of streams and other workers."""

import asyncio

from msgspec.structs import replace

from protocol.job import GROUP, WORKERS_KEY, JobKind, encode_status
from protocol.monitor import WorkerState, WorkerStatus
from tests.helpers.valkey import Broker
from tests.worker.scripts import (
    KEYS,
    PARTIALS,
    STREAMS,
    GatewaySide,
    failure,
    job,
    jobs_of,
    question,
    result,
    take_one,
)
from worker.broker.jobs import ShardJobs, Verdict

LONG_MS = 60_000
BOTH = STREAMS[:2]


async def test_take_left_reads_old_jobs_and_reports_when_next_is_due(other: GatewaySide, jobs: ShardJobs) -> None:
    await other.ask(job(0), STREAMS[0], LONG_MS + 2)
    await other.ask(job(1), STREAMS[0], LONG_MS + 1)
    await other.ask(job(2), STREAMS[0], LONG_MS // 2)
    read, due_ms = await jobs.take_left(5, BOTH, (LONG_MS, LONG_MS))
    assert [delivery.job.segment for delivery in read] == [0, 1]
    assert LONG_MS // 4 < due_ms <= LONG_MS // 2
    assert [pending[1] for pending in await other.pending()] == ["w", "w"]
    assert (await take_one(jobs)).job.segment == 2  # a plain take reads it


async def test_take_left_applies_each_streams_age_in_order(other: GatewaySide, jobs: ShardJobs) -> None:
    await other.ask(job(0), STREAMS[0], LONG_MS // 2)
    await other.ask(job(1), STREAMS[1], LONG_MS * 2)
    await other.ask(job(2), STREAMS[1], 0)
    read, due_ms = await jobs.take_left(5, BOTH, (LONG_MS, 0))
    assert [delivery.job.segment for delivery in read] == [1, 2] and due_ms > 0
    assert await jobs.take_left(5, BOTH[1:], (LONG_MS,)) == ([], -1)


async def test_take_left_reports_the_stream_that_is_due_first(other: GatewaySide, jobs: ShardJobs) -> None:
    for segment, stream in enumerate(BOTH):
        await other.ask(job(segment), stream, 0)
    for first in (0, 1):
        held_ms = [LONG_MS, LONG_MS]
        held_ms[first] = LONG_MS // 2
        read, due_ms = await jobs.take_left(5, BOTH, held_ms)
        assert read == [] and 0 < due_ms <= LONG_MS // 2


async def test_take_left_leaves_no_job_of_a_clock_that_was_set_back(other: GatewaySide, jobs: ShardJobs) -> None:
    await other.ask(job(0), STREAMS[0], -3_600_000)
    read, _ = await jobs.take_left(5, BOTH, (LONG_MS, LONG_MS))
    assert [delivery.job.segment for delivery in read] == [0]


async def test_take_left_is_limited_to_free_slots(other: GatewaySide, jobs: ShardJobs) -> None:
    for segment in range(3):
        await other.ask(job(segment), STREAMS[0], LONG_MS - segment)
    read, due_ms = await jobs.take_left(2, BOTH, (LONG_MS // 2,) * 2)
    assert (len(read), due_ms) == (2, -1)


async def test_glance_and_take_left_recreate_lost_groups(other: GatewaySide, jobs: ShardJobs) -> None:
    await other.redis.flushall()
    assert {queue[:2] for queue in await jobs.glance()} == {(0.0, 0)}
    assert await jobs.take_left(1, BOTH, (1, 1)) == ([], -1)


async def test_glance_reports_audio_entries_and_last_read(other: GatewaySide, jobs: ShardJobs) -> None:
    await other.submit(job(0, samples=16_000))
    await other.submit(job(1, samples=8_000))
    await take_one(jobs)
    await other.ask(question(), PARTIALS[1], age_ms=1_000)
    await jobs.take_partials(1)
    urgent, *_, bulk, _, partials = await jobs.glance()
    assert (urgent.audio_s, urgent.entries, bulk.entries) == (1.5, 2, 0)
    assert urgent.read_ago_s < 30 and 1.0 <= partials.read_ago_s < 31
    assert bulk.read_ago_s > 1e6  # never


async def test_fleet_skips_unreadable_statuses(other: GatewaySide, jobs: ShardJobs) -> None:
    status = WorkerStatus("v", "h", "e", "m", "cpu", WorkerState.IDLE, speed=2.0)
    await jobs.heartbeat(status)
    await other.redis.hset(WORKERS_KEY, mapping={"x": b"{}", "y": encode_status(status)})
    statuses, now_ms = await jobs.fleet()
    assert [one.speed for one in statuses] == [2.0, 2.0]
    assert abs(now_ms - max(one.at_ms for one in statuses)) < 30_000


async def test_first_result_of_a_borrowed_job_counts(
    other: GatewaySide, jobs: ShardJobs, any_broker: Broker
) -> None:
    async with jobs_of(any_broker.url, "v") as remote:
        await other.submit(job(0, samples=32_000))
        theirs = await take_one(remote)
        assert await remote.others(STREAMS[:2]) == []
        (held,) = await jobs.others(STREAMS[:2])
        assert held[:4] == (theirs.stream, theirs.entry, 2.0, "v")
        (borrowed,) = await jobs.borrow(held)
        assert borrowed.borrowed and borrowed.job == theirs.job
        assert [pending[1] for pending in await other.pending()] == ["v"]
        assert await jobs.finish(borrowed, result(borrowed.job, "first"))
        assert not await remote.finish(theirs, result(theirs.job, "second"))
        assert await remote.renew([theirs]) == {theirs.key}
        assert await jobs.borrow(held) == []
    assert (await other.stored()).text == "first"  # type: ignore[union-attr] # a result
    assert await other.backlog() == 0


async def test_failed_repeated_or_speculative_jobs_are_not_borrowed(
    other: GatewaySide, jobs: ShardJobs, any_broker: Broker
) -> None:
    async with jobs_of(any_broker.url, "v") as remote:
        for segment in range(2):
            await other.submit(job(segment))
        await other.submit(replace(job(2), kind=JobKind.SPECULATE), field="spec")
        failed, again, _ = await remote.take(3)
        assert await remote.fail(failed, failure(failed.job)) is Verdict.AGAIN
        await other.redis.xclaim(STREAMS[0], GROUP, "v", 0, [again.entry])
        assert await jobs.others(STREAMS[:2]) == []


async def test_wait_leaves_jobs_of_other_streams(other: GatewaySide, jobs: ShardJobs) -> None:
    await other.submit(job(0), STREAMS[1])
    await other.submit(job(1), STREAMS[3])
    taken = await jobs.wait(5_000, STREAMS[2:])
    assert [delivery.job.segment for delivery in taken.jobs] == [1]
    await other.ask(question(2))
    assert [one.job.segment for one in (await jobs.wait(5_000, ())).partials] == [2]
    assert await asyncio.wait_for(jobs.wait(1, ()), 30) == ([], [])
    assert (await take_one(jobs)).job.segment == 0
    assert await other.redis.xlen(KEYS.dead) == 0
