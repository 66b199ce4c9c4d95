"""Worker's side of the broker: each script alone, on every kind of broker."""

import asyncio

import pytest

from protocol.job import GROUP, LEASE_MS, MOST_TAKEN, WORKERS_KEY, decode_status
from protocol.monitor import WorkerState, WorkerStatus
from tests.helpers.valkey import Broker, running_broker
from tests.helpers.waiting import wait_until
from tests.worker.scripts import (
    KEYS,
    SESSION,
    STREAMS,
    GatewaySide,
    gateway_side,
    job,
    jobs_of,
    take_one,
)
from worker.broker.connections import check_version
from worker.broker.jobs import ShardJobs, Taken
from worker.broker.scripts import RETURNED
from worker.core.errors import BrokerRefused, BrokerTooOld, BrokerUnavailable

# -- reading ----------------------------------------------------------------------------------------------


async def test_take_prefers_interactive_jobs_and_the_own_model(jobs: ShardJobs, other: GatewaySide) -> None:
    for segment, stream in enumerate(reversed(STREAMS)):
        await other.submit(job(segment), stream)
    taken = await jobs.take(10)
    assert [delivery.stream for delivery in taken] == list(STREAMS)
    assert [delivery.job.segment for delivery in taken] == [3, 2, 1, 0]
    assert all(delivery.count == 1 and not delivery.alone for delivery in taken)


async def test_take_reads_only_the_given_streams(jobs: ShardJobs, other: GatewaySide) -> None:
    for segment, stream in enumerate(STREAMS):
        await other.submit(job(segment), stream)
    assert [delivery.job.segment for delivery in await jobs.take(10, STREAMS[:2])] == [0, 1]
    assert await jobs.take(10, STREAMS[:2]) == []
    assert [delivery.job.segment for delivery in await jobs.take(10)] == [2, 3]


async def test_take_is_limited_to_free_slots_over_all_streams(jobs: ShardJobs, other: GatewaySide) -> None:
    for segment in range(6):
        await other.submit(job(segment), STREAMS[segment % 2])
    assert [delivery.job.segment for delivery in await jobs.take(4)] == [0, 2, 4, 1]
    assert len(await jobs.take(4)) == 2
    assert await jobs.take(4) == []


async def test_job_arrives_complete_with_its_age(jobs: ShardJobs, other: GatewaySide) -> None:
    entry = await other.submit(job(5, samples=480_000))
    delivery = await take_one(jobs)
    assert (delivery.job, delivery.entry, delivery.stream) == (job(5, samples=480_000), entry, STREAMS[0])
    assert delivery.age_ms >= 0 and delivery.refusal is None


async def test_wait_returns_the_first_job_and_leaves_the_rest(jobs: ShardJobs, other: GatewaySide) -> None:
    waiting = asyncio.create_task(jobs.wait(5_000))
    await wait_until(other.a_client_waits, "the worker blocks")
    await other.submit(job(1))
    await other.submit(job(2))
    assert [delivery.job.segment for delivery in (await waiting).jobs] == [1]
    assert [delivery.job.segment for delivery in await jobs.take(5)] == [2]


async def test_wait_is_empty_after_its_timeout(jobs: ShardJobs) -> None:
    assert await jobs.wait(1) == Taken([], [])


async def test_malformed_entry_is_delivered_with_a_refusal(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.redis.xadd(STREAMS[0], {"session": SESSION, "segment": "7", "kind": "sing"})
    await other.redis.xadd(STREAMS[0], {b"junk": b"\xff"})
    known, unknown = await jobs.take(2)
    assert known.refusal is not None and (known.job.session, known.job.segment) == (SESSION, 7)
    assert unknown.refusal is not None and (unknown.job.session, unknown.job.segment) == ("", 0)


async def test_lost_groups_are_created_again(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.redis.flushall()
    assert await jobs.take(1) == []
    await other.redis.flushall()
    assert await jobs.sweep(1) == []
    await other.redis.flushall()
    assert await jobs.wait(1) == Taken([], [])
    await other.submit(job())
    assert len((await jobs.wait(1_000)).jobs) == 1


# -- leases -----------------------------------------------------------------------------------------------


async def test_renewed_lease_is_not_swept_and_keeps_its_count(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    entry = await other.submit(job())
    delivery = await take_one(jobs)
    await other.abandon(entry, "w")
    assert await jobs.renew([delivery]) == frozenset()
    async with jobs_of(any_broker.url, "thief") as thief:
        assert await thief.sweep(5) == []
    assert await other.pending() == [(entry, "w", 1)]


async def test_renew_reports_lost_leases_without_taking_them_back(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    kept, stolen, done, deleted = [await other.submit(job(segment)) for segment in range(4)]
    held = await jobs.take(4)
    await other.abandon(stolen, "thief", idle_ms=0)
    await other.redis.xack(STREAMS[0], GROUP, done)
    await other.redis.xdel(STREAMS[0], deleted)
    assert await jobs.renew(held) == {(STREAMS[0], entry) for entry in (stolen, done, deleted)}
    assert (kept, "w", 1) in await other.pending()
    assert (stolen, "thief", 1) in await other.pending()


async def test_sweep_takes_abandoned_job_and_counts_the_delivery(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    entry = await other.submit(job())
    await take_one(jobs)
    await other.abandon(entry, "w")
    async with jobs_of(any_broker.url, "finder") as finder:
        (found,) = await finder.sweep(3)
        assert (found.entry, found.count, found.alone, found.job) == (entry, 2, True, job())
        assert found.taken_from == "w" and found.silent_ms >= LEASE_MS
        assert 0 <= found.age_ms < 600_000
        assert await jobs.renew([found]) == {(STREAMS[0], entry)}


async def test_sweep_runs_in_one_worker_at_a_time(any_broker: Broker, jobs: ShardJobs, other: GatewaySide) -> None:
    assert await jobs.sweep(1) == []
    entry = await other.submit(job())
    await take_one(jobs)
    await other.abandon(entry, "w")
    async with jobs_of(any_broker.url, "second") as second:
        assert await second.sweep(1) == []
        assert 0 < await other.redis.pttl(KEYS.sweep) <= 2_500
        await other.expire_sweep()
        assert len(await second.sweep(1)) == 1


async def test_sweep_continues_and_leases_restart_when_the_clock_was_set_back(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    """After a step of an hour back, the lock of the last sweep and every lease of that time would last an hour
    more."""
    returned, entry = [await other.submit(job(segment)) for segment in range(2)]
    await jobs.take(1)
    await jobs.leave()
    await jobs.serve(STREAMS)
    await jobs.take(1)
    await other.abandon(entry, "w")
    ahead_ms = (int((await other.redis.time())[0]) + 3_600) * 1_000
    await other.redis.set(KEYS.sweep, ahead_ms, px=3_600_000)
    async with jobs_of(any_broker.url, "finder") as finder:
        assert [found.entry for found in await finder.sweep(5)] == [returned]
        assert 0 < await other.redis.pttl(KEYS.sweep) <= 2_500
        await other.expire_sweep()
        assert await finder.sweep(5) == []  # its worker may only have been about to renew it
        await other.abandon(entry, "w")
        await other.expire_sweep()
        assert [found.entry for found in await finder.sweep(5)] == [entry]


async def test_every_lease_restarts_when_the_clock_was_set_back(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    """The script reads them a hundred at a time."""
    entries = [await other.submit(job(segment)) for segment in range(102)]
    while await jobs.take(MOST_TAKEN):
        pass
    for entry in entries:
        await other.abandon(entry, "w")
    await other.redis.set(KEYS.sweep, (int((await other.redis.time())[0]) + 3_600) * 1_000, px=3_600_000)
    async with jobs_of(any_broker.url, "finder") as finder:
        assert await finder.sweep(5) == []


async def test_sweep_finds_abandoned_job_after_live_leases(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    entries = [await other.submit(job(segment)) for segment in range(60)]
    await jobs.take(60)
    await other.abandon(entries[-1], "w")
    async with jobs_of(any_broker.url, "finder") as finder:
        assert [found.entry for found in await finder.sweep(1)] == [entries[-1]]


async def test_sweep_is_limited_to_free_slots(any_broker: Broker, jobs: ShardJobs, other: GatewaySide) -> None:
    for segment in range(6):
        await other.submit(job(segment), STREAMS[segment % 3])
    for delivery in await jobs.take(6):
        await other.abandon(delivery.entry, "w", delivery.stream)
    async with jobs_of(any_broker.url, "finder") as finder:
        found = await finder.sweep(3)
        assert [delivery.job.segment for delivery in found] == [0, 3, 1]


async def test_sweep_deletes_silent_consumers_without_jobs(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    await other.submit(job())
    await take_one(jobs)
    await other.redis.xgroup_createconsumer(STREAMS[0], GROUP, "silent")
    await jobs.sweep(1)
    assert await other.consumers() >= {"w", "silent"}
    async with ShardJobs(any_broker.url, "sweeper", KEYS, forgotten_consumer_ms=-1) as sweeper:
        await sweeper.serve(STREAMS)
        await other.expire_sweep()
        await sweeper.sweep(1)
    assert "w" in await other.consumers() and "silent" not in await other.consumers()
    assert len(await other.pending()) == 1


# -- leaving ----------------------------------------------------------------------------------------------


async def test_leave_hands_all_jobs_back_without_counting(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    for segment in range(150):
        await other.submit(job(segment), STREAMS[segment % 2])
    taken = [len(await jobs.take(150)) for _ in range(3)]
    assert taken == [MOST_TAKEN, MOST_TAKEN, 150 - 2 * MOST_TAKEN]
    await other.redis.set(KEYS.sweep, "somebody")
    assert await jobs.leave() == 150
    assert {consumer for _, consumer, _ in await other.pending()} == {RETURNED}
    assert await other.consumers() == {RETURNED}
    async with jobs_of(any_broker.url, "next") as next_worker:
        found = []
        for _ in range(3):
            await other.expire_sweep()
            found += await next_worker.sweep(200)
    assert len(found) == 150
    assert {delivery.count for delivery in found} == {1}


async def test_leave_may_be_repeated_or_called_without_streams(any_broker: Broker, jobs: ShardJobs) -> None:
    assert await jobs.leave() == 0
    assert await jobs.leave() == 0
    async with ShardJobs(any_broker.url, "unborn", KEYS) as unborn:
        assert await unborn.leave() == 0


async def test_leave_keeps_the_deliveries_of_earlier_workers(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    entry = await other.submit(job())
    await take_one(jobs)
    await other.abandon(entry, "w")
    for worker in ("second", "third"):
        async with jobs_of(any_broker.url, worker) as leaving:
            await other.expire_sweep()
            assert [found.count for found in await leaving.sweep(1)] == [2]
            await leaving.leave()


async def test_leave_drops_entries_deleted_meanwhile(jobs: ShardJobs, other: GatewaySide) -> None:
    entry = await other.submit(job())
    await take_one(jobs)
    await other.redis.xdel(STREAMS[0], entry)
    assert await jobs.leave() == 0
    assert await other.pending() == []


async def test_leave_works_when_the_stream_is_gone(jobs: ShardJobs, other: GatewaySide) -> None:
    await other.redis.flushall()
    assert await jobs.leave() == 0


# -- heartbeat --------------------------------------------------------------------------------------------


def status(worker: str) -> WorkerStatus:
    """Return the status of a worker."""
    return WorkerStatus(worker, 'host "at_ms":0', "checksum", "m", "cpu", WorkerState.IDLE)


async def test_heartbeat_is_stamped_with_the_brokers_time(jobs: ShardJobs, other: GatewaySide) -> None:
    before = (await other.redis.time())[0] * 1000
    await jobs.heartbeat(status("w"))
    stored = decode_status(await other.redis.hget(WORKERS_KEY, "w"))
    assert before <= stored.at_ms <= before + 60_000
    assert (stored.host, stored.languages) == ('host "at_ms":0', ())


async def test_heartbeat_removes_workers_silent_for_long(
    any_broker: Broker, jobs: ShardJobs, other: GatewaySide
) -> None:
    await other.redis.hset(WORKERS_KEY, "dead", '{"worker":"dead","at_ms":5}')
    await jobs.heartbeat(status("w"))
    async with jobs_of(any_broker.url, "v") as second:
        await second.heartbeat(status("v"))
    assert set(await other.redis.hkeys(WORKERS_KEY)) == {b"w", b"v"}
    await jobs.leave()
    assert set(await other.redis.hkeys(WORKERS_KEY)) == {b"v"}


# -- the broker itself ------------------------------------------------------------------------------------


async def test_check_accepts_the_tested_brokers(jobs: ShardJobs) -> None:
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
def test_old_broker_version_is_refused(info: dict[str, str]) -> None:
    with pytest.raises(BrokerTooOld, match=r"(redis 7\.0|valkey 7\.2) or newer is needed"):
        check_version(info)


@pytest.mark.parametrize(
    "info", [{"redis_version": "7.0.0"}, {"redis_version": "8.0.2"}, {"valkey_version": "7.2.5-rc1"}]
)
def test_new_broker_version_is_accepted(info: dict[str, str]) -> None:
    check_version(info)


async def test_missing_broker_is_unavailable() -> None:
    async with ShardJobs("unix:///nowhere/socket", "w", KEYS) as jobs:
        with pytest.raises(BrokerUnavailable):
            await jobs.check()


async def test_wrong_password_is_refused_and_not_shown_in_the_error() -> None:
    with running_broker() as broker:
        async with gateway_side(broker.url) as other:
            await other.redis.config_set("requirepass", "right")
        async with ShardJobs(f"{broker.url}?password=wrong-one", "w", KEYS) as jobs:
            with pytest.raises(BrokerRefused) as refused:
                await jobs.check()
    assert "wrong-one" not in str(refused.value)
