"""The worker's side of the broker, each script alone, on every kind of broker."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.exceptions import OutOfMemoryError

from protocol.job import (
    DEAD_ENTRIES,
    GROUP,
    SESSION_TTL_MS,
    WORKERS_KEY,
    WorkerState,
    WorkerStatus,
    decode_job,
    decode_notice,
    decode_status,
)
from tests.helpers.valkey import Broker, running_broker
from tests.helpers.waiting import wait_until
from tests.worker.scripts import (
    GATEWAY,
    KEYS,
    SESSION,
    STREAMS,
    GatewaySide,
    failure,
    gateway_side,
    job,
    jobs_of,
    result,
    take_one,
)
from worker.errors import BrokerRefused, BrokerTooOld, BrokerUnavailable
from worker.jobs import RETURNED, Jobs, Verdict, check_version


@pytest.fixture
async def other(any_broker: Broker) -> AsyncIterator[GatewaySide]:
    """The gateway's side, with a session attached."""
    async with gateway_side(any_broker.url) as side:
        await side.attach()
        yield side


@pytest.fixture
async def jobs(any_broker: Broker) -> AsyncIterator[Jobs]:
    """The side of the worker ``w``."""
    async with jobs_of(any_broker.url) as jobs:
        yield jobs


# -- reading ----------------------------------------------------------------------------------------------


async def test_takes_interactive_before_bulk_and_its_own_model_before_any(jobs: Jobs, other: GatewaySide) -> None:
    for segment, stream in enumerate(reversed(STREAMS)):
        await other.submit(job(segment), stream)
    taken = await jobs.take(10)
    assert [delivery.stream for delivery in taken] == list(STREAMS)
    assert [delivery.job.segment for delivery in taken] == [3, 2, 1, 0]
    assert all(delivery.count == 1 and not delivery.alone for delivery in taken)


async def test_takes_no_more_than_is_free_over_all_streams(jobs: Jobs, other: GatewaySide) -> None:
    for segment in range(6):
        await other.submit(job(segment), STREAMS[segment % 2])
    assert [delivery.job.segment for delivery in await jobs.take(4)] == [0, 2, 4, 1]
    assert len(await jobs.take(4)) == 2
    assert await jobs.take(4) == []


async def test_a_job_arrives_whole_with_its_age(jobs: Jobs, other: GatewaySide) -> None:
    entry = await other.submit(job(5, samples=480_000))
    delivery = await take_one(jobs)
    assert (delivery.job, delivery.entry, delivery.stream) == (job(5, samples=480_000), entry, STREAMS[0])
    assert delivery.age_ms >= 0 and delivery.refusal is None


async def test_waiting_ends_with_the_first_job_and_leaves_the_rest(jobs: Jobs, other: GatewaySide) -> None:
    waiting = asyncio.create_task(jobs.wait(5_000))
    await wait_until(other.somebody_waits, "the worker blocks")
    await other.submit(job(1))
    await other.submit(job(2))
    assert [delivery.job.segment for delivery in await waiting] == [1]
    assert [delivery.job.segment for delivery in await jobs.take(5)] == [2]


async def test_waiting_in_vain_gives_nothing(jobs: Jobs) -> None:
    assert await jobs.wait(1) == []


async def test_what_is_no_job_is_delivered_with_the_reason(jobs: Jobs, other: GatewaySide) -> None:
    await other.redis.xadd(STREAMS[0], {"session": SESSION, "segment": "7", "kind": '"sing"'})
    await other.redis.xadd(STREAMS[0], {b"junk": b"\xff"})
    known, unknown = await jobs.take(2)
    assert known.refusal is not None and (known.job.session, known.job.segment) == (SESSION, 7)
    assert unknown.refusal is not None and (unknown.job.session, unknown.job.segment) == ("", 0)


async def test_groups_are_made_again_when_the_broker_has_lost_them(jobs: Jobs, other: GatewaySide) -> None:
    await other.redis.flushall()
    assert await jobs.take(1) == []
    await other.redis.flushall()
    assert await jobs.sweep(1) == []
    await other.redis.flushall()
    assert await jobs.wait(1) == []
    await other.submit(job())
    assert len(await jobs.wait(1_000)) == 1


# -- finish -----------------------------------------------------------------------------------------------


async def test_finish_stores_publishes_and_removes(jobs: Jobs, other: GatewaySide) -> None:
    pubsub: Any = other.redis.pubsub()
    await pubsub.ssubscribe(KEYS.results(GATEWAY))
    await pubsub.get_message(timeout=5)
    await other.submit(job(3))
    await other.redis.hset(KEYS.session(SESSION), "failures:3", 1)
    assert await jobs.finish(await take_one(jobs), result(job(3)))

    assert (await pubsub.get_message(timeout=5))["data"] == await other.redis.hget(
        KEYS.session(SESSION), "result:3"
    )
    assert await other.stored(3) == result(job(3))
    assert await other.end(3) == b"final 0"
    assert await other.redis.hmget(KEYS.session(SESSION), "job:3", "failures:3") == [None, None]
    assert 0 < await other.redis.pttl(KEYS.session(SESSION)) <= SESSION_TTL_MS
    assert (await other.redis.xlen(STREAMS[0]), await other.pending(), await other.backlog()) == (0, [], 0)
    await pubsub.aclose()


async def test_a_result_goes_to_the_gateway_of_this_moment(jobs: Jobs, other: GatewaySide) -> None:
    await other.submit(job())
    delivery = await take_one(jobs)
    await other.attach(gateway="gateway-2")
    pubsub: Any = other.redis.pubsub()
    await pubsub.ssubscribe(KEYS.results("gateway-2"))
    await pubsub.get_message(timeout=5)
    await jobs.finish(delivery, result(job()))
    assert decode_notice((await pubsub.get_message(timeout=5))["data"]) == result(job())
    await pubsub.aclose()


async def test_the_second_result_of_a_segment_is_dropped(jobs: Jobs, other: GatewaySide) -> None:
    await other.submit(job())
    delivery = await take_one(jobs)
    assert await jobs.finish(delivery, result(job(), "first"))
    assert not await jobs.finish(delivery, result(job(), "second"))
    assert await other.stored() == result(job(), "first")
    assert await other.backlog() == 0


async def test_a_twin_is_dropped_after_the_client_has_the_result(jobs: Jobs, other: GatewaySide) -> None:
    await other.submit(job())
    delivery = await take_one(jobs)
    await jobs.finish(delivery, result(job()))
    await other.redis.hdel(KEYS.session(SESSION), "result:0")
    assert not await jobs.finish(delivery, result(job()))
    assert await other.redis.hget(KEYS.session(SESSION), "result:0") is None


@pytest.mark.parametrize("end", ["final 0", "cancelled 0", "failed 0", "failed 1"])
async def test_a_result_for_an_ended_segment_is_dropped(jobs: Jobs, other: GatewaySide, end: str) -> None:
    await other.submit(job())
    await other.redis.hset(KEYS.session(SESSION), "end:0", end)
    assert not await jobs.finish(await take_one(jobs), result(job()))
    assert await other.end() == end.encode()
    assert (await other.redis.xlen(STREAMS[0]), await other.backlog()) == (0, 0)


async def test_a_higher_attempt_replaces_a_failed_end(jobs: Jobs, other: GatewaySide) -> None:
    await other.redis.hset(KEYS.session(SESSION), "end:0", "failed 0")
    await other.submit(job(attempt=1))
    assert await jobs.finish(await take_one(jobs), result(job(attempt=1)))
    assert await other.end() == b"final 1"


async def test_a_result_of_a_replaced_job_is_dropped(jobs: Jobs, other: GatewaySide) -> None:
    await other.submit(job())
    old = await take_one(jobs)
    await other.submit(job(attempt=1))
    assert not await jobs.finish(old, result(job()))
    assert await other.end() is None
    assert await other.backlog() == 1600


async def test_a_result_of_a_forgotten_session_is_dropped(jobs: Jobs, other: GatewaySide) -> None:
    await other.submit(job())
    delivery = await take_one(jobs)
    await other.redis.delete(KEYS.session(SESSION))
    assert not await jobs.finish(delivery, result(job()))
    assert not await other.redis.exists(KEYS.session(SESSION))
    assert await other.backlog() == 0


async def test_a_job_can_end_when_the_broker_is_full(jobs: Jobs, other: GatewaySide) -> None:
    await other.submit(job(0))
    await other.submit(job(1))
    await other.redis.config_set("maxmemory", 1)
    with pytest.raises(OutOfMemoryError):
        await other.submit(job(2))
    assert await jobs.finish(await take_one(jobs), result(job(0)))
    assert await jobs.fail(await take_one(jobs), failure(job(1)), 1) is Verdict.DEAD


# -- fail -------------------------------------------------------------------------------------------------


async def test_a_failed_job_goes_back_at_once_and_is_then_decoded_alone(jobs: Jobs, other: GatewaySide) -> None:
    await other.submit(job())
    await other.redis.set(KEYS.sweep, "somebody")
    assert await jobs.fail(await take_one(jobs), failure(job())) is Verdict.AGAIN
    (again,) = await jobs.sweep(1)
    assert again.job == job() and again.alone
    assert await other.redis.hget(KEYS.session(SESSION), "failures:0") == b"1"
    assert await other.end() is None and await other.backlog() == 1600


async def test_the_third_failure_makes_a_dead_letter_and_tells_the_gateway(jobs: Jobs, other: GatewaySide) -> None:
    pubsub: Any = other.redis.pubsub()
    await pubsub.ssubscribe(KEYS.results(GATEWAY))
    await pubsub.get_message(timeout=5)
    await other.submit(job())
    verdicts = [await jobs.fail(await take_one(jobs), failure(job()))]
    for _ in range(2):
        await other.expire_sweep()
        (delivery,) = await jobs.sweep(1)
        verdicts.append(await jobs.fail(delivery, failure(job())))

    assert verdicts == [Verdict.AGAIN, Verdict.AGAIN, Verdict.DEAD]
    assert decode_notice((await pubsub.get_message(timeout=5))["data"]) == failure(job())
    assert await other.stored() == failure(job())
    assert await other.end() == b"failed 0"
    assert await other.redis.hmget(KEYS.session(SESSION), "job:0", "failures:0") == [None, None]
    ((_, letter),) = await other.redis.xrange(KEYS.dead)
    assert decode_job(letter) == job() and decode_notice(letter[b"failure"]) == failure(job())
    assert (await other.redis.xlen(STREAMS[0]), await other.pending(), await other.backlog()) == (0, [], 0)
    await pubsub.aclose()


async def test_dead_letters_are_bounded_in_number_and_age(jobs: Jobs, other: GatewaySide) -> None:
    await other.redis.xadd(KEYS.dead, {"old": 1}, id="1-1")
    await other.submit(job())
    await jobs.fail(await take_one(jobs), failure(job()), 1)
    assert await other.redis.xlen(KEYS.dead) == 1

    async with other.redis.pipeline() as pipe:
        for _ in range(DEAD_ENTRIES):
            pipe.xadd(KEYS.dead, {"x": 1})
        await pipe.execute()
    await other.submit(job(1))
    await jobs.fail(await take_one(jobs), failure(job(1)), 1)
    assert await other.redis.xlen(KEYS.dead) == DEAD_ENTRIES


async def test_a_worker_that_lost_its_lease_cannot_fail_the_job(
    any_broker: Broker, jobs: Jobs, other: GatewaySide
) -> None:
    entry = await other.submit(job())
    delivery = await take_one(jobs)
    await other.abandon(entry, "w")
    async with jobs_of(any_broker.url, "thief") as thief:
        (taken,) = await thief.sweep(1)
        assert await jobs.fail(delivery, failure(job())) is Verdict.LOST
        assert await other.pending() == [(taken.entry, "thief", 2)]
    assert await other.redis.hget(KEYS.session(SESSION), "failures:0") is None


async def test_failing_an_ended_job_only_removes_it(jobs: Jobs, other: GatewaySide) -> None:
    await other.submit(job())
    delivery = await take_one(jobs)
    await other.redis.hset(KEYS.session(SESSION), "end:0", "cancelled 0")
    assert await jobs.fail(delivery, failure(job())) is Verdict.GONE
    assert (await other.redis.xlen(STREAMS[0]), await other.redis.xlen(KEYS.dead)) == (0, 0)
    assert await other.backlog() == 0


# -- leases -----------------------------------------------------------------------------------------------


async def test_a_renewed_lease_is_not_swept_and_its_count_stays(
    any_broker: Broker, jobs: Jobs, other: GatewaySide
) -> None:
    entry = await other.submit(job())
    delivery = await take_one(jobs)
    await other.abandon(entry, "w")
    assert await jobs.renew([delivery]) == frozenset()
    async with jobs_of(any_broker.url, "thief") as thief:
        assert await thief.sweep(5) == []
    assert await other.pending() == [(entry, "w", 1)]


async def test_renewal_tells_what_is_lost_and_never_takes_it_back(
    any_broker: Broker, jobs: Jobs, other: GatewaySide
) -> None:
    kept, stolen, done, deleted = [await other.submit(job(segment)) for segment in range(4)]
    held = await jobs.take(4)
    await other.abandon(stolen, "thief", idle_ms=0)
    await other.redis.xack(STREAMS[0], GROUP, done)
    await other.redis.xdel(STREAMS[0], deleted)
    assert await jobs.renew(held) == {(STREAMS[0], entry) for entry in (stolen, done, deleted)}
    assert (kept, "w", 1) in await other.pending()
    assert (stolen, "thief", 1) in await other.pending()


async def test_a_sweep_takes_what_was_abandoned_and_counts_the_delivery(
    any_broker: Broker, jobs: Jobs, other: GatewaySide
) -> None:
    entry = await other.submit(job())
    await take_one(jobs)
    await other.abandon(entry, "w")
    async with jobs_of(any_broker.url, "finder") as finder:
        (found,) = await finder.sweep(3)
        assert (found.entry, found.count, found.alone, found.job) == (entry, 2, True, job())
        assert await jobs.renew([found]) == {(STREAMS[0], entry)}


async def test_one_worker_sweeps_at_a_time(any_broker: Broker, jobs: Jobs, other: GatewaySide) -> None:
    assert await jobs.sweep(1) == []
    entry = await other.submit(job())
    await take_one(jobs)
    await other.abandon(entry, "w")
    async with jobs_of(any_broker.url, "second") as second:
        assert await second.sweep(1) == []
        assert 0 < await other.redis.pttl(KEYS.sweep) <= 2_500
        await other.expire_sweep()
        assert len(await second.sweep(1)) == 1


async def test_live_leases_do_not_hide_an_abandoned_one(
    any_broker: Broker, jobs: Jobs, other: GatewaySide
) -> None:
    entries = [await other.submit(job(segment)) for segment in range(60)]
    await jobs.take(60)
    await other.abandon(entries[-1], "w")
    async with jobs_of(any_broker.url, "finder") as finder:
        assert [found.entry for found in await finder.sweep(1)] == [entries[-1]]


async def test_a_sweep_takes_no_more_than_is_free(any_broker: Broker, jobs: Jobs, other: GatewaySide) -> None:
    for segment in range(6):
        await other.submit(job(segment), STREAMS[segment % 3])
    for delivery in await jobs.take(6):
        await other.abandon(delivery.entry, "w", delivery.stream)
    async with jobs_of(any_broker.url, "finder") as finder:
        found = await finder.sweep(3)
        assert [delivery.job.segment for delivery in found] == [0, 3, 1]


async def test_a_sweep_forgets_silent_consumers_that_hold_nothing(
    any_broker: Broker, jobs: Jobs, other: GatewaySide
) -> None:
    await other.submit(job())
    await take_one(jobs)
    await other.redis.xgroup_createconsumer(STREAMS[0], GROUP, "silent")
    await jobs.sweep(1)
    assert await other.consumers() >= {"w", "silent"}
    async with Jobs(any_broker.url, "sweeper", KEYS, forgotten_consumer_ms=-1) as sweeper:
        await sweeper.serve(STREAMS)
        await other.expire_sweep()
        await sweeper.sweep(1)
    assert "w" in await other.consumers() and "silent" not in await other.consumers()
    assert len(await other.pending()) == 1


# -- leaving ----------------------------------------------------------------------------------------------


async def test_leaving_hands_everything_back_uncounted(any_broker: Broker, jobs: Jobs, other: GatewaySide) -> None:
    for segment in range(150):
        await other.submit(job(segment), STREAMS[segment % 2])
    await jobs.take(150)
    await other.redis.set(KEYS.sweep, "somebody")
    assert await jobs.leave() == 150
    assert {consumer for _, consumer, _ in await other.pending()} == {RETURNED}
    assert await other.consumers() == {RETURNED}
    async with jobs_of(any_broker.url, "next") as next_worker:
        found = await next_worker.sweep(200)
    assert len(found) == 150
    assert {delivery.count for delivery in found} == {1}


async def test_leaving_twice_or_without_streams_is_harmless(any_broker: Broker, jobs: Jobs) -> None:
    assert await jobs.leave() == 0
    assert await jobs.leave() == 0
    async with Jobs(any_broker.url, "unborn", KEYS) as unborn:
        assert await unborn.leave() == 0


async def test_leaving_forgets_entries_deleted_meanwhile(jobs: Jobs, other: GatewaySide) -> None:
    entry = await other.submit(job())
    await take_one(jobs)
    await other.redis.xdel(STREAMS[0], entry)
    assert await jobs.leave() == 0
    assert await other.pending() == []


async def test_leaving_survives_a_stream_that_is_gone(jobs: Jobs, other: GatewaySide) -> None:
    await other.redis.flushall()
    assert await jobs.leave() == 0


# -- heartbeat --------------------------------------------------------------------------------------------


def status(worker: str) -> WorkerStatus:
    """A worker's status."""
    return WorkerStatus(worker, 'host "at_ms":0', "checksum", "m", "cpu", WorkerState.IDLE)


async def test_a_heartbeat_carries_the_brokers_time(jobs: Jobs, other: GatewaySide) -> None:
    before = (await other.redis.time())[0] * 1000
    await jobs.heartbeat(status("w"))
    stored = decode_status(await other.redis.hget(WORKERS_KEY, "w"))
    assert before <= stored.at_ms <= before + 60_000
    assert (stored.host, stored.languages) == ('host "at_ms":0', ())


async def test_a_heartbeat_removes_workers_that_are_long_silent(
    any_broker: Broker, jobs: Jobs, other: GatewaySide
) -> None:
    await other.redis.hset(WORKERS_KEY, "dead", '{"worker":"dead","at_ms":5}')
    await jobs.heartbeat(status("w"))
    async with jobs_of(any_broker.url, "v") as second:
        await second.heartbeat(status("v"))
    assert set(await other.redis.hkeys(WORKERS_KEY)) == {b"w", b"v"}
    await jobs.leave()
    assert set(await other.redis.hkeys(WORKERS_KEY)) == {b"v"}


# -- the broker itself ------------------------------------------------------------------------------------


async def test_both_kinds_of_broker_are_new_enough(jobs: Jobs) -> None:
    await jobs.check()


@pytest.mark.parametrize(
    "info",
    [
        {"redis_version": "6.2.14"},
        {"redis_version": "7.2.4", "valkey_version": "7.1.9"},
        {"redis_version": "7.2.4", "valkey_version": "unknown"},
        {},
    ],
)
def test_an_old_broker_is_refused(info: dict[str, str]) -> None:
    with pytest.raises(BrokerTooOld, match="Redis 7.0 or Valkey 7.2"):
        check_version(info)


@pytest.mark.parametrize(
    "info", [{"redis_version": "7.0.0"}, {"redis_version": "8.0.2"}, {"valkey_version": "7.2.5-rc1"}]
)
def test_a_new_broker_is_taken(info: dict[str, str]) -> None:
    check_version(info)


async def test_a_broker_that_is_not_there_is_unavailable() -> None:
    async with Jobs("unix:///nowhere/socket", "w", KEYS) as jobs:
        with pytest.raises(BrokerUnavailable):
            await jobs.check()


async def test_a_wrong_password_is_refused_and_not_repeated_in_the_text() -> None:
    with running_broker() as broker:
        async with gateway_side(broker.url) as other:
            await other.redis.config_set("requirepass", "right")
        async with Jobs(f"{broker.url}?password=wrong-one", "w", KEYS) as jobs:
            with pytest.raises(BrokerRefused) as refused:
                await jobs.check()
    assert "wrong-one" not in str(refused.value)


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(BrokerRefused, match="address"):
        Jobs("http://nowhere", "w", KEYS)
