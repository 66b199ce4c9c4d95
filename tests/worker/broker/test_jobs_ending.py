"""End of jobs: the scripts ``finish`` and ``fail`` alone, on every kind of broker."""

import pytest
from msgspec.structs import replace
from redis.exceptions import OutOfMemoryError

from protocol.job import (
    DEAD_BYTES,
    DEAD_ENTRIES,
    LEAST_NOTICE,
    SESSION_TTL_MS,
    decode_job,
    decode_notice,
)
from protocol.recognition import Word
from tests.helpers.valkey import Broker
from tests.worker.scripts import (
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
from worker.broker.jobs import ShardJobs, Verdict
from worker.core.errors import BrokerError

# -- finish -----------------------------------------------------------------------------------------------


async def test_finish_stores_publishes_and_removes(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job(3))
    await other.redis.hset(KEYS.session(SESSION), "failures:3", 1)
    async with other.listening() as heard:
        assert await jobs.finish(await take_one(jobs), result(job(3)))
        assert await heard() == await other.stored(3) == result(job(3))
    assert await other.end(3) == b"final 0"
    assert await other.redis.hmget(KEYS.session(SESSION), "job:3", "failures:3") == [None, None]
    assert 0 < await other.redis.pttl(KEYS.session(SESSION)) <= SESSION_TTL_MS
    assert (await other.redis.xlen(STREAMS[0]), await other.pending(), await other.backlog()) == (0, [], 0)


async def test_result_is_published_to_the_current_gateway(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job())
    delivery = await take_one(jobs)
    await other.attach(gateway="gateway-2")
    async with other.listening("gateway-2") as heard:
        await jobs.finish(delivery, result(job()))
        assert await heard() == result(job())


async def test_second_result_of_a_segment_is_dropped(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job())
    delivery = await take_one(jobs)
    assert await jobs.finish(delivery, result(job(), "first"))
    assert not await jobs.finish(delivery, result(job(), "second"))
    assert await other.stored() == result(job(), "first")
    assert await other.backlog() == 0


async def test_twin_result_is_dropped_after_the_client_received_the_first(
    jobs: ShardJobs, other: GatewaySide
) -> None:
    await other.submit(job())
    delivery = await take_one(jobs)
    await jobs.finish(delivery, result(job()))
    await other.redis.hdel(KEYS.session(SESSION), "result:0")
    assert not await jobs.finish(delivery, result(job()))
    assert await other.redis.hget(KEYS.session(SESSION), "result:0") is None


@pytest.mark.parametrize("end", ["final 0", "cancelled 0", "failed 0", "failed 1"])
async def test_result_for_an_ended_segment_is_dropped(jobs: ShardJobs, other: GatewaySide, end: str) -> None:
    await other.submit(job())
    await other.redis.hset(KEYS.session(SESSION), "end:0", end)
    assert not await jobs.finish(await take_one(jobs), result(job()))
    assert await other.end() == end.encode()
    assert (await other.redis.xlen(STREAMS[0]), await other.backlog()) == (0, 0)


async def test_higher_attempt_replaces_a_failed_end(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.redis.hset(KEYS.session(SESSION), "end:0", "failed 0")
    await other.submit(job(attempt=1))
    assert await jobs.finish(await take_one(jobs), result(job(attempt=1)))
    assert await other.end() == b"final 1"


async def test_result_of_a_replaced_job_is_dropped(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job())
    old = await take_one(jobs)
    await other.submit(job(attempt=1))
    assert not await jobs.finish(old, result(job()))
    assert await other.end() is None
    assert await other.backlog() == 1600


async def test_result_of_an_expired_session_is_dropped(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job())
    delivery = await take_one(jobs)
    await other.redis.delete(KEYS.session(SESSION))
    assert not await jobs.finish(delivery, result(job()))
    assert not await other.redis.exists(KEYS.session(SESSION))
    assert await other.backlog() == 0


async def test_job_can_end_when_the_broker_is_full(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job(0))
    await other.submit(job(1))
    await other.redis.config_set("maxmemory", 1)
    with pytest.raises(OutOfMemoryError):
        await other.submit(job(2))
    assert await jobs.finish(await take_one(jobs), result(job(0)))
    assert await jobs.fail(await take_one(jobs), failure(job(1)), 1) is Verdict.DEAD


async def test_new_worker_can_empty_a_full_broker(any_broker: Broker) -> None:
    async with gateway_side(any_broker.url) as side:
        await side.submit(job(0))
        await side.submit(job(1))
        await side.redis.config_set("maxmemory", 1)
        for segment, worker in enumerate(("first", "second")):
            async with jobs_of(any_broker.url, worker) as newcomer:
                assert await newcomer.finish(await take_one(newcomer), result(job(segment)))


@pytest.mark.parametrize("counter", ["x", "", "1e18", str(-(2**63)), "7"])
async def test_broken_backlog_counter_loses_no_result_and_recovers(
    jobs: ShardJobs, other: GatewaySide, counter: str
) -> None:
    await other.submit(job(0))
    await other.submit(job(1))
    first, second = await jobs.take(2)
    await other.redis.hset(KEYS.backlog, STREAMS[0], counter)
    assert await jobs.finish(first, result(job(0)))
    assert await other.stored(0) == result(job(0))
    assert await other.backlog() == 0
    assert await jobs.fail(second, failure(job(1)), 1) is Verdict.DEAD
    assert (await other.redis.xlen(STREAMS[0]), await other.pending(), await other.backlog()) == (0, [], 0)


async def test_broken_history_counter_loses_no_result(jobs: ShardJobs, other: GatewaySide) -> None:
    stream, figures = KEYS.history_keys
    await other.redis.hset(figures, "left_out", "x")
    await other.redis.hset(KEYS.session(SESSION), "history", "1 {}")
    for segment in range(2):
        await other.submit(job(segment))
        assert await jobs.finish(await take_one(jobs), result(job(segment)))
        assert await other.stored(segment) == result(job(segment))
    assert (await other.redis.xlen(stream), await other.redis.xlen(STREAMS[0])) == (1, 0)


async def test_result_words_are_stored_unchanged(jobs: ShardJobs, other: GatewaySide) -> None:
    said = replace(
        result(job()), words=(Word("你好", 0, 250), Word('"\\/\x00\x7f', 250, 4_000_000)), queue_ms=2**32
    )
    await other.submit(job())
    assert await jobs.finish(await take_one(jobs), said)
    assert await other.stored() == said


# -- speculation ------------------------------------------------------------------------------------------


async def test_speculative_result_waits_for_the_end_of_its_segment(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job(), field="spec")
    assert await jobs.finish(await take_one(jobs), result(job()))
    assert (await other.end(), await other.stored()) == (None, result(job()))
    assert await other.redis.hexists(KEYS.session(SESSION), "spec:0")
    assert (await other.redis.xlen(STREAMS[0]), await other.backlog()) == (0, 0)


async def test_speculation_promoted_to_job_ends_the_segment(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job(), field="spec")
    delivery = await take_one(jobs)
    await other.redis.hset(KEYS.session(SESSION), "job:0", f"0 {delivery.entry} {STREAMS[0]}")
    await other.redis.hdel(KEYS.session(SESSION), "spec:0")
    assert await jobs.finish(delivery, result(job()))
    assert await other.end() == b"final 0"


async def test_replaced_speculation_is_dropped(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job(), field="spec")
    old = await take_one(jobs)
    await other.submit(job(samples=3200), field="spec")
    assert not await jobs.finish(old, result(job()))
    assert await other.redis.hget(KEYS.session(SESSION), "result:0") is None


async def test_failed_speculation_does_not_fail_the_segment(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job(), field="spec")
    assert await jobs.fail(await take_one(jobs), failure(job()), 1) is Verdict.GONE
    assert await other.end() is None
    assert (await other.redis.xlen(KEYS.dead), await other.redis.xlen(STREAMS[0])) == (0, 0)


# -- fail -------------------------------------------------------------------------------------------------


async def test_failed_job_is_requeued_at_once_and_decoded_alone(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job())
    await other.redis.set(KEYS.sweep, "somebody")
    await other.redis.pexpire(KEYS.session(SESSION), 60_000)
    assert await jobs.fail(await take_one(jobs), failure(job())) is Verdict.AGAIN
    assert await other.redis.pttl(KEYS.session(SESSION)) > 60_000, "its session lives on with it"
    (again,) = await jobs.sweep(1)
    assert again.job == job() and again.alone
    assert await other.redis.hget(KEYS.session(SESSION), "failures:0") == b"1"
    assert await other.end() is None and await other.backlog() == 1600


async def test_third_failure_makes_dead_letter_and_notifies_gateway(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job())
    async with other.listening() as heard:
        verdicts = [await jobs.fail(await take_one(jobs), failure(job()))]
        for _ in range(2):
            await other.expire_sweep()
            (delivery,) = await jobs.sweep(1)
            verdicts.append(await jobs.fail(delivery, failure(job())))
        assert verdicts == [Verdict.AGAIN, Verdict.AGAIN, Verdict.DEAD]
        assert await heard() == failure(job())
    assert await other.stored() == failure(job())
    assert await other.end() == b"failed 0"
    assert await other.redis.hmget(KEYS.session(SESSION), "job:0", "failures:0") == [None, None]
    ((_, letter),) = await other.redis.xrange(KEYS.dead)
    assert decode_job(letter) == job() and decode_notice(letter[b"failure"]) == failure(job())
    assert (await other.redis.xlen(STREAMS[0]), await other.pending(), await other.backlog()) == (0, [], 0)


async def test_broker_refuses_a_result_larger_than_its_audio(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job(0))
    await other.submit(job(1, samples=20_000))
    short, long = await jobs.take(2)
    with pytest.raises(BrokerError, match="so little audio"):
        await jobs.finish(short, result(short.job, "x" * LEAST_NOTICE))
    assert (await other.end(0), len(await other.pending())) == (None, 2)
    assert await jobs.finish(short, result(short.job, "x" * 3_000))
    assert await jobs.finish(long, result(long.job, "x" * 30_000))


async def test_dead_letters_are_bounded_in_bytes(jobs: ShardJobs, other: GatewaySide) -> None:
    samples = DEAD_BYTES // 4 // 2  # two bytes each
    for segment in range(5):
        await other.submit(job(segment, samples=samples))
        assert await jobs.fail(await take_one(jobs), failure(job(segment)), most_failures=1) is Verdict.DEAD
    assert await other.redis.xlen(KEYS.dead) == 3


async def test_dead_letters_are_bounded_in_number_and_age(jobs: ShardJobs, other: GatewaySide) -> None:
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


async def test_worker_without_lease_cannot_fail_the_job(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    entry = await other.submit(job())
    delivery = await take_one(jobs)
    await other.abandon(entry, "w")
    async with jobs_of(any_broker.url, "thief") as thief:
        (taken,) = await thief.sweep(1)
        assert await jobs.fail(delivery, failure(job())) is Verdict.LOST
        assert await other.pending() == [(taken.entry, "thief", 2)]
    assert await other.redis.hget(KEYS.session(SESSION), "failures:0") is None


async def test_fail_only_removes_a_job_that_has_ended(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.submit(job())
    delivery = await take_one(jobs)
    await other.redis.hset(KEYS.session(SESSION), "end:0", "cancelled 0")
    assert await jobs.fail(delivery, failure(job())) is Verdict.GONE
    assert (await other.redis.xlen(STREAMS[0]), await other.redis.xlen(KEYS.dead)) == (0, 0)
    assert await other.backlog() == 0
