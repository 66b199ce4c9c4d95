"""Partials: the scripts ``partials`` and ``hypothesis``, alone, on every kind of broker."""

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
from worker.delivery import Delivery
from worker.jobs import Jobs, Taken
from worker.scripts import RETURNED

SAID = Hypothesis(SESSION, 0, "so far", 0, 1600)


def segments(deliveries: list[Delivery]) -> list[int]:
    """Which segments they are of."""
    return [delivery.job.segment for delivery in deliveries]


async def nothing_left(other: GatewaySide) -> bool:
    """Whether the streams of partials are empty and nothing of them is pending."""
    left = [(await other.redis.xlen(stream), await other.pending(stream)) for stream in PARTIALS]
    return left == [(0, [])] * len(PARTIALS)


# -- taking -----------------------------------------------------------------------------------------------


async def test_what_is_taken_leaves_nothing_behind(jobs: Jobs, other: GatewaySide) -> None:
    await other.ask(question(1), PARTIALS[1])
    await other.ask(question(2), PARTIALS[0])
    taken = await jobs.take_partials(5)
    assert [delivery.job for delivery in taken] == [question(2), question(1)]
    assert all(delivery.refusal is None for delivery in taken)
    assert await nothing_left(other)
    assert await jobs.take_partials(5) == []


async def test_no_more_than_is_free_is_taken_over_all_streams(jobs: Jobs, other: GatewaySide) -> None:
    for segment in range(5):
        await other.ask(question(segment), PARTIALS[segment % 2])
    assert segments(await jobs.take_partials(4)) == [0, 2, 4, 1]
    assert segments(await jobs.take_partials(4)) == [3]


async def test_what_was_asked_too_long_ago_is_dropped_unread(jobs: Jobs, other: GatewaySide) -> None:
    await other.ask(question(1), age_ms=60_000)
    await other.ask(question(2), age_ms=2_001)
    await other.ask(question(3))
    assert segments(await jobs.take_partials(1)) == [3]
    await other.ask(question(1), PARTIALS[1], age_ms=60_000)
    assert await jobs.take_partials(0) == []
    assert await nothing_left(other)


async def test_jobs_are_not_taken_for_partials(jobs: Jobs, other: GatewaySide) -> None:
    await other.submit(job(1))
    await other.ask(question(2))
    assert segments(await jobs.take_partials(5)) == [2]
    assert segments(await jobs.take(5)) == [1]


async def test_a_job_in_a_stream_of_partials_is_refused(jobs: Jobs, other: GatewaySide) -> None:
    await other.ask(job())
    (delivery,) = await jobs.take_partials(5)
    assert delivery.refusal is not None


async def test_groups_of_partials_are_made_again(jobs: Jobs, other: GatewaySide) -> None:
    await other.redis.flushall()
    assert await jobs.take_partials(1) == []
    await other.redis.delete(PARTIALS[0])
    assert await jobs.wait(1) == Taken([], [])
    await other.ask(question())
    assert len((await jobs.wait(1_000)).partials) == 1


# -- waiting ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", PARTIALS)
async def test_waiting_ends_with_a_partial_and_leaves_nothing_behind(
    jobs: Jobs, other: GatewaySide, stream: str
) -> None:
    waiting = asyncio.create_task(jobs.wait(5_000))
    await wait_until(other.somebody_waits, "the worker blocks")
    await other.ask(question(1), stream)
    taken = await waiting
    assert (taken.jobs, [delivery.job for delivery in taken.partials]) == ([], [question(1)])
    assert await nothing_left(other)


async def test_waiting_for_partials_still_ends_with_a_job(jobs: Jobs, other: GatewaySide) -> None:
    waiting = asyncio.create_task(jobs.wait(5_000))
    await wait_until(other.somebody_waits, "the worker blocks")
    await other.submit(job(1))
    assert segments((await waiting).jobs) == [1]


async def test_a_job_in_the_same_read_is_all_that_counts(jobs: Jobs, other: GatewaySide) -> None:
    await other.ask(question(1))
    await other.submit(job(2))
    taken = await jobs.wait(1)
    assert (segments(taken.jobs), taken.partials) == ([2], [])
    assert await jobs.take_partials(5) == []
    assert await nothing_left(other)


async def test_an_old_request_does_not_count_when_waiting_either(jobs: Jobs, other: GatewaySide) -> None:
    await other.ask(question(), age_ms=60_000)
    assert await jobs.wait(1_000) == Taken([], [])
    assert await nothing_left(other)


async def test_what_a_dead_worker_was_reading_stays_nowhere(
    any_broker: Broker, jobs: Jobs, other: GatewaySide
) -> None:
    for segment in range(150):
        await other.ask(question(segment))
    await other.redis.xreadgroup(GROUP, "dead", {PARTIALS[0]: ">"}, count=120)
    assert segments(await jobs.take_partials(1)) == [120]
    assert await other.pending(PARTIALS[0]) == []
    assert await other.redis.xlen(PARTIALS[0]) == 29


# -- what happens to jobs never happens to partials ---------------------------------------------------------


async def test_a_sweep_claims_no_partials_but_forgets_their_silent_readers(
    any_broker: Broker, jobs: Jobs, other: GatewaySide
) -> None:
    entry = await other.ask(question())
    await other.redis.xreadgroup(GROUP, "dead", {PARTIALS[0]: ">"})
    await other.abandon(entry, "dead", PARTIALS[0], idle_ms=60_000)
    async with Jobs(any_broker.url, "sweeper", KEYS, forgotten_consumer_ms=-1) as sweeper:
        await sweeper.serve(STREAMS, PARTIALS)
        assert await sweeper.sweep(5) == []
        await sweeper.take_partials(0)
        await other.expire_sweep()
        assert await sweeper.sweep(5) == []
    assert await other.consumers(PARTIALS[0]) <= {"sweeper"}


async def test_leaving_hides_no_partial_in_the_group(any_broker: Broker, jobs: Jobs, other: GatewaySide) -> None:
    await other.ask(question())
    await other.redis.xreadgroup(GROUP, "w", {PARTIALS[0]: ">"})
    await jobs.leave()
    assert await other.consumers(PARTIALS[0]) <= {RETURNED}
    async with jobs_of(any_broker.url, "next") as following:
        assert await following.take_partials(5) == []
    assert await nothing_left(other)


# -- answering --------------------------------------------------------------------------------------------


async def test_an_answer_goes_to_the_gateway_of_this_moment_and_is_not_kept(
    jobs: Jobs, other: GatewaySide
) -> None:
    await other.attach(gateway="gateway-2")
    before = await other.redis.hgetall(KEYS.session(SESSION))
    async with other.listening("gateway-2") as heard:
        assert await jobs.hypothesise(SAID)
        assert await heard() == SAID
    assert await other.redis.hgetall(KEYS.session(SESSION)) == before


async def test_a_segment_that_is_complete_or_has_ended_gets_no_answer(jobs: Jobs, other: GatewaySide) -> None:
    await other.submit(job(0))
    await other.submit(job(1))
    async with other.listening() as heard:
        assert not await jobs.hypothesise(SAID)
        await jobs.finish(await take_one(jobs), result(job(0)))
        assert not await jobs.hypothesise(SAID)
        assert await heard() == result(job(0))
        assert await jobs.hypothesise(Hypothesis(SESSION, 2, "on its way"))
        assert await heard() == Hypothesis(SESSION, 2, "on its way")


async def test_a_session_that_is_gone_gets_no_answer_and_is_not_made(jobs: Jobs, other: GatewaySide) -> None:
    assert not await jobs.hypothesise(Hypothesis("unknown", 0, "so far"))
    assert not await other.redis.exists(KEYS.session("unknown"))
