"""Partials: the scripts ``partials`` and ``hypothesis`` alone, on every kind of broker."""

import asyncio

import pytest

from protocol.job import GROUP, Hypothesis
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.worker.scripts import (
    KEYS,
    PARTIALS,
    SESSION,
    STREAMS,
    GatewaySide,
    job,
    jobs_of,
    question,
    result,
    take_one,
)
from worker.broker.jobs import ShardJobs, Taken
from worker.broker.scripts import RETURNED
from worker.core.delivery import Delivery

SAID = Hypothesis(SESSION, 0, "so far", 0, 1600)


def segments(deliveries: list[Delivery]) -> list[int]:
    """Return the segment numbers of the deliveries."""
    return [delivery.job.segment for delivery in deliveries]


async def nothing_left(other: GatewaySide) -> bool:
    """Return whether the streams of partials are empty, without pending entries."""
    left = [(await other.redis.xlen(stream), await other.pending(stream)) for stream in PARTIALS]
    return left == [(0, [])] * len(PARTIALS)


# -- taking -----------------------------------------------------------------------------------------------


async def test_taken_partials_leave_nothing_in_the_broker(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.ask(question(1), PARTIALS[1])
    await other.ask(question(2), PARTIALS[0])
    taken = await jobs.take_partials(5)
    assert [delivery.job for delivery in taken] == [question(2), question(1)]
    assert all(delivery.refusal is None for delivery in taken)
    assert await nothing_left(other)
    assert await jobs.take_partials(5) == []


async def test_take_partials_is_limited_to_free_slots_over_all_streams(
    jobs: ShardJobs, other: GatewaySide
) -> None:
    for segment in range(5):
        await other.ask(question(segment), PARTIALS[segment % 2])
    assert segments(await jobs.take_partials(4)) == [0, 2, 4, 1]
    assert segments(await jobs.take_partials(4)) == [3]


async def test_stale_partial_requests_are_dropped(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.ask(question(1), age_ms=60_000)
    await other.ask(question(2), age_ms=2_001)
    await other.ask(question(3))
    assert segments(await jobs.take_partials(1)) == [3]
    await other.ask(question(1), PARTIALS[1], age_ms=60_000)
    assert await jobs.take_partials(0) == []
    assert await nothing_left(other)


async def test_take_partials_takes_no_jobs(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job(1))
    await other.ask(question(2))
    assert segments(await jobs.take_partials(5)) == [2]
    assert segments(await jobs.take(5)) == [1]


async def test_job_in_a_partial_stream_is_refused(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.ask(job())
    (delivery,) = await jobs.take_partials(5)
    assert delivery.refusal is not None


async def test_lost_groups_of_partials_are_created_again(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.redis.flushall()
    assert await jobs.take_partials(1) == []
    await other.redis.delete(PARTIALS[0])
    assert await jobs.wait(1) == Taken([], [])
    await other.ask(question())
    assert len((await jobs.wait(1_000)).partials) == 1


async def test_sweep_finds_jobs_where_a_gateway_has_removed_a_stream_of_partials(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    entry = await other.submit(job())
    await take_one(jobs)
    await other.abandon(entry, "w")
    async with jobs_of(any_broker.url, "finder") as finder:
        await other.redis.delete(PARTIALS[0])
        (found,) = await finder.sweep(3)
        assert found.entry == entry


# -- waiting ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", PARTIALS)
async def test_wait_returns_a_partial_and_leaves_nothing_pending(
    jobs: ShardJobs, other: GatewaySide, stream: str
) -> None:
    waiting = asyncio.create_task(jobs.wait(5_000))
    await wait_until(other.a_client_waits, "the worker blocks")
    await other.ask(question(1), stream)
    taken = await waiting
    assert (taken.jobs, [delivery.job for delivery in taken.partials]) == ([], [question(1)])
    assert await nothing_left(other)


async def test_wait_for_partials_also_returns_jobs(jobs: ShardJobs, other: GatewaySide) -> None:
    waiting = asyncio.create_task(jobs.wait(5_000))
    await wait_until(other.a_client_waits, "the worker blocks")
    await other.submit(job(1))
    assert segments((await waiting).jobs) == [1]


async def test_wait_drops_partials_read_together_with_a_job(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.ask(question(1))
    await other.submit(job(2))
    taken = await jobs.wait(1)
    assert (segments(taken.jobs), taken.partials) == ([2], [])
    assert await jobs.take_partials(5) == []
    assert await nothing_left(other)


async def test_wait_drops_stale_partial_requests(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.ask(question(), age_ms=60_000)
    assert await jobs.wait(1_000) == Taken([], [])
    assert await nothing_left(other)


async def test_partials_of_a_dead_worker_are_removed(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    for segment in range(150):
        await other.ask(question(segment))
    await other.redis.xreadgroup(GROUP, "dead", {PARTIALS[0]: ">"}, count=120)
    assert segments(await jobs.take_partials(1)) == [120]
    assert await other.pending(PARTIALS[0]) == []
    assert await other.redis.xlen(PARTIALS[0]) == 29


# -- partials are never swept or handed back ---------------------------------------------------------------


async def test_sweep_claims_no_partials_but_deletes_silent_readers(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    entry = await other.ask(question())
    await other.redis.xreadgroup(GROUP, "dead", {PARTIALS[0]: ">"})
    await other.abandon(entry, "dead", PARTIALS[0], idle_ms=60_000)
    async with ShardJobs(any_broker.url, "sweeper", KEYS, forgotten_consumer_ms=-1) as sweeper:
        await sweeper.serve(STREAMS, PARTIALS)
        assert await sweeper.sweep(5) == []
        await sweeper.take_partials(0)
        await other.expire_sweep()
        assert await sweeper.sweep(5) == []
    assert await other.consumers(PARTIALS[0]) <= {"sweeper"}


async def test_leave_leaves_no_partial_pending(any_broker: Broker, jobs: ShardJobs, other: GatewaySide) -> None:
    await other.ask(question())
    await other.redis.xreadgroup(GROUP, "w", {PARTIALS[0]: ">"})
    await jobs.leave()
    assert await other.consumers(PARTIALS[0]) <= {RETURNED}
    async with jobs_of(any_broker.url, "next") as following:
        assert await following.take_partials(5) == []
    assert await nothing_left(other)


# -- answering --------------------------------------------------------------------------------------------


async def test_partial_is_published_to_the_current_gateway_and_not_stored(
    jobs: ShardJobs, other: GatewaySide
) -> None:
    await other.attach(gateway="gateway-2")
    before = await other.redis.hgetall(KEYS.session(SESSION))
    async with other.listening("gateway-2") as heard:
        assert await jobs.hypothesise(SAID)
        assert await heard() == SAID
    assert await other.redis.hgetall(KEYS.session(SESSION)) == before


async def test_complete_or_ended_segment_gets_no_partial(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job(0))
    await other.submit(job(1))
    async with other.listening() as heard:
        assert not await jobs.hypothesise(SAID)
        await jobs.finish(await take_one(jobs), result(job(0)))
        assert not await jobs.hypothesise(SAID)
        assert await heard() == result(job(0))
        assert await jobs.hypothesise(Hypothesis(SESSION, 2, "on its way"))
        assert await heard() == Hypothesis(SESSION, 2, "on its way")


async def test_partial_for_a_missing_session_does_not_create_it(jobs: ShardJobs, other: GatewaySide) -> None:
    assert not await jobs.hypothesise(Hypothesis("unknown", 0, "so far"))
    assert not await other.redis.exists(KEYS.session("unknown"))
