"""Jobs of several shards for one worker. Each shard is a separate server, which can be frozen or killed."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from protocol.engine import EngineSettings
from protocol.job import GROUP, Job, Keys, Result, decode_notice, encode_job, in_shard, shard_of
from protocol.monitor import WorkerState, WorkerStatus
from tests.helpers.fault_engines import ENGINE, Fault, pcm
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.worker.running import QUICK, Worker
from tests.worker.scripts import MODEL, PARTIALS, STREAMS, failure, job, result
from worker.broker.jobs import ShardJobs, Verdict
from worker.broker.layout import ShardLayout
from worker.broker.shards import AllShards
from worker.consumer import Consumer
from worker.core.delivery import Delivery
from worker.core.errors import BrokerRefused, BrokerUnavailable
from worker.supervision.engine_supervisor import EngineLimits, EngineSupervisor

SHARDS = 3
SESSIONS = [next(f"{n}" for n in range(99) if shard_of(f"{n}", SHARDS) == shard) for shard in range(SHARDS)]
"""A session of each shard."""


class Servers:
    """The servers of the shards, and what a gateway would do there."""

    def __init__(self, brokers: list[Broker]) -> None:
        self.brokers = brokers
        self.clients: list[Any] = [Redis.from_url(broker.url, protocol=2) for broker in brokers]

    async def submit(self, shard: int, job: Job, stream: str = STREAMS[0]) -> None:
        """Queue a job of the shard's session."""
        keys, client = Keys(shard, alone=False), self.clients[shard]
        stream = in_shard(stream, shard)
        entry = await client.xadd(stream, encode_job(job))
        about = {"owner": "me", "gateway": "g", f"job:{job.segment}": f"0 {entry.decode()} {stream}"}
        await client.hset(keys.session(job.session), mapping=about)
        await client.hincrby(keys.backlog, stream, job.samples)

    async def text(self, shard: int, segment: int = 0) -> str | None:
        """Return the stored text of a segment of the shard's session."""
        name = Keys(shard, alone=False).session(SESSIONS[shard])
        stored = await self.clients[shard].hget(name, f"result:{segment}")
        notice = decode_notice(stored) if stored else None
        return getattr(notice, "text", None)

    def freeze(self, shard: int) -> None:
        """Send SIGSTOP to the server of a shard."""
        self.brokers[shard].process.send_signal(signal.SIGSTOP)

    def thaw(self, shard: int) -> None:
        """Send SIGCONT to the server of a shard."""
        self.brokers[shard].process.send_signal(signal.SIGCONT)


@pytest.fixture
async def servers(brokers: list[Broker]) -> AsyncIterator[Servers]:
    there = Servers(brokers)
    yield there
    for client in there.clients:
        await client.aclose()


def opened(servers: Servers, worker: str = "w") -> AllShards:
    """Return the jobs of a worker in all shards, not checked yet."""

    async def layout() -> ShardLayout:
        return ShardLayout(SHARDS, alone=False)

    return AllShards(layout, lambda keys: ShardJobs(servers.brokers[keys.shard].url, worker, keys))


@pytest.fixture
async def jobs(servers: Servers) -> AsyncIterator[AllShards]:
    async with opened(servers) as jobs:
        await jobs.check()
        await jobs.serve(STREAMS, PARTIALS)
        yield jobs


def said(shard: int, segment: int = 0) -> Job:
    return job(segment, session=SESSIONS[shard])


# -- reading ----------------------------------------------------------------------------------------------


async def test_shards_take_turns(jobs: AllShards, servers: Servers) -> None:
    for shard in range(SHARDS):
        for segment in range(2):
            await servers.submit(shard, said(shard, segment))
    await jobs.glance()
    taken = [(await jobs.take(1))[0].job.session for _ in range(2 * SHARDS)]
    assert sorted(taken[:SHARDS]) == sorted(SESSIONS) == sorted(taken[SHARDS:])
    assert await jobs.take(1) == []


async def test_several_are_taken_over_shards_up_to_the_limit(jobs: AllShards, servers: Servers) -> None:
    for shard in range(SHARDS):
        await servers.submit(shard, said(shard))
    assert len(await jobs.take(2)) == 2
    assert len(await jobs.take(2)) == 1


async def test_glance_sums_over_shards(jobs: AllShards, servers: Servers) -> None:
    for shard in range(SHARDS):
        await servers.submit(shard, said(shard))
    queues = await jobs.glance()
    assert [queue.entries for queue in queues] == [SHARDS, 0, 0, 0, 0, 0]
    assert queues[0].audio_s == pytest.approx(0.1 * SHARDS)


async def test_left_jobs_are_due_after_the_shortest_time(jobs: AllShards, servers: Servers) -> None:
    await servers.submit(1, said(1))
    taken, due_ms = await jobs.take_left(1, STREAMS[:1], (60_000,))
    assert taken == [] and 0 < due_ms <= 60_000
    taken, due_ms = await jobs.take_left(1, STREAMS[:1], (0,))
    assert [one.job.session for one in taken] == [SESSIONS[1]]


@pytest.mark.parametrize("shard", range(SHARDS))
async def test_wait_ends_with_a_job_of_any_shard(jobs: AllShards, servers: Servers, shard: int) -> None:
    waiting = asyncio.create_task(jobs.wait(8_000))
    await wait_until(lambda: all_blocked(servers), "it waits everywhere")
    await servers.submit(shard, said(shard))
    taken = await waiting
    assert [one.job.session for one in taken.jobs] == [SESSIONS[shard]]
    assert not await some_blocked(servers)  # what comes now is for others


async def test_wait_gives_what_all_shards_have_at_the_same_moment(jobs: AllShards, servers: Servers) -> None:
    for shard in range(SHARDS):
        await servers.submit(shard, said(shard))
    found: list[str] = []
    while len(found) < SHARDS:
        found += [one.job.session for one in (await jobs.wait(8_000)).jobs]
    assert sorted(found) == sorted(SESSIONS)


async def test_wait_ends_in_time_without_a_job(jobs: AllShards) -> None:
    taken = await jobs.wait(20)
    assert (taken.jobs, taken.partials) == ([], [])


async def all_blocked(servers: Servers) -> bool:
    return all([(await client.info("clients"))["blocked_clients"] for client in servers.clients])


async def some_blocked(servers: Servers) -> bool:
    return any([(await client.info("clients"))["blocked_clients"] for client in servers.clients])


# -- settling ---------------------------------------------------------------------------------------------


async def test_results_go_to_their_shards(jobs: AllShards, servers: Servers) -> None:
    for shard in range(SHARDS):
        await servers.submit(shard, said(shard))
    taken = await jobs.take(SHARDS)
    assert await jobs.renew(taken) == frozenset()
    for delivery in taken:
        assert await jobs.finish(delivery, result(delivery.job, delivery.job.session))
    assert [await servers.text(shard) for shard in range(SHARDS)] == SESSIONS
    for shard, client in enumerate(servers.clients):
        assert (await client.xpending(in_shard(STREAMS[0], shard), GROUP))["pending"] == 0


async def test_failure_is_counted_in_its_shard(jobs: AllShards, servers: Servers) -> None:
    await servers.submit(2, said(2))
    (delivery,) = await jobs.take(1)
    assert await jobs.fail(delivery, failure(delivery.job)) is Verdict.AGAIN
    (again,) = await jobs.sweep(1)
    assert await jobs.fail(again, failure(again.job), most_failures=1) is Verdict.DEAD


async def test_leaving_hands_back_in_all_shards(jobs: AllShards, servers: Servers) -> None:
    for shard in range(SHARDS):
        await servers.submit(shard, said(shard))
    assert len(await jobs.take(SHARDS)) == SHARDS
    assert await jobs.leave() == SHARDS
    assert len(await jobs.sweep(SHARDS)) == SHARDS


async def test_other_workers_jobs_are_borrowed_from_any_shard(jobs: AllShards, servers: Servers) -> None:
    await servers.submit(1, said(1))
    async with opened(servers, "other") as other:
        await other.check()
        await other.serve(STREAMS, PARTIALS)
        assert len(await other.take(1)) == 1
        (held,) = await jobs.others(STREAMS)
        (borrowed,) = await jobs.borrow(held)
    assert borrowed.borrowed and borrowed.job.session == SESSIONS[1]


async def test_status_is_in_every_shard(jobs: AllShards, servers: Servers) -> None:
    await jobs.heartbeat(WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE))
    for shard, client in enumerate(servers.clients):
        assert await client.hexists(f"kiki:{{{shard}}}:workers", "w")
    statuses, _ = await jobs.fleet()
    assert [status.worker for status in statuses] == ["w"]


# -- a shard that is away ---------------------------------------------------------------------------------


async def test_dead_shard_does_not_stop_the_others(jobs: AllShards, servers: Servers) -> None:
    servers.brokers[0].process.kill()
    servers.brokers[0].process.wait()
    await servers.submit(1, said(1))
    taken = await jobs.wait(8_000)
    assert [one.job.session for one in taken.jobs] == [SESSIONS[1]]
    assert await jobs.finish(taken.jobs[0], result(taken.jobs[0].job))
    await jobs.glance()
    await jobs.heartbeat(WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE))
    assert await jobs.take(1) == []


async def test_result_for_a_frozen_shard_is_reported_when_it_is_back(jobs: AllShards, servers: Servers) -> None:
    await servers.submit(0, said(0))
    (delivery,) = await jobs.take(1)
    servers.freeze(0)
    try:
        assert await jobs.finish(delivery, result(delivery.job, "kept"))
        await servers.submit(1, said(1))
        assert [one.job.session for one in (await jobs.wait(8_000)).jobs] == [SESSIONS[1]]
    finally:
        servers.thaw(0)
    await wait_until(lambda: servers.text(0), "the result is stored")
    assert await servers.text(0) == "kept"


async def test_refusal_of_one_shard_is_outlasted_when_another_did_the_same(
    jobs: AllShards, servers: Servers
) -> None:
    """A server of a cluster may lack a right for a moment, before the worker needed it there."""
    await servers.submit(0, said(0))
    (first,) = await jobs.take(1)
    assert await jobs.finish(first, result(first.job))
    await servers.submit(1, said(1))
    (second,) = await jobs.take(1)
    await servers.clients[1].execute_command("ACL", "SETUSER", "default", "-xdel")
    try:
        assert await jobs.finish(second, result(second.job))
    finally:
        await servers.clients[1].execute_command("ACL", "SETUSER", "default", "+xdel")

    async def is_removed() -> bool:
        return not await servers.clients[1].xlen(in_shard(STREAMS[0], 1))

    await wait_until(is_removed, "the job is done")


class FakeShard:
    """Shard whose outcomes are stored when ``gate`` is set; ``check`` answers when it is ``back``."""

    def __init__(self) -> None:
        self.back, self.gate, self.begun = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.stored: list[str] = []
        self.granted: set[str] = set()

    async def __aenter__(self) -> "FakeShard":
        return self

    async def __aexit__(self, *_: object) -> None: ...

    def interruptible(self) -> None: ...

    async def disconnect(self) -> None: ...

    async def serve(self, streams: list[str], partials: list[str]) -> None: ...

    async def check(self) -> None:
        """Answer when the shard is back."""
        await self.back.wait()

    async def finish(self, delivery: Delivery, result: Result) -> bool:
        """Store the result; unavailable while the shard is away."""
        if not self.back.is_set():
            raise BrokerUnavailable("away")
        self.begun.set()
        await self.gate.wait()
        self.stored.append(delivery.entry)
        return True


async def test_result_that_comes_while_kept_ones_are_sent_displaces_none_of_them() -> None:
    shards = [FakeShard(), FakeShard()]
    for shard in shards:
        shard.back.set()
    away = shards[shard_of("s", 2)]

    async def layout() -> ShardLayout:
        return ShardLayout(2, alone=False)

    stream = in_shard(STREAMS[0], shard_of("s", 2))
    deliveries = [Delivery(stream, f"{n}-0", 1, 0, job(n, session="s")) for n in range(65)]
    async with AllShards(layout, lambda keys: cast(ShardJobs, shards[keys.shard])) as jobs:
        await jobs.check()
        away.back.clear()
        for delivery in deliveries[:64]:
            assert await jobs.finish(delivery, result(delivery.job))
        away.back.set()
        await away.begun.wait()
        assert await jobs.finish(deliveries[64], result(deliveries[64].job))
        away.gate.set()
        await wait_until(lambda: len(away.stored) > 63, "the kept ones are sent")
    assert set(away.stored) >= {delivery.entry for delivery in deliveries[:64]}


async def test_worker_without_any_shard_waits_for_the_broker(jobs: AllShards, servers: Servers) -> None:
    for broker in servers.brokers:
        broker.process.kill()
        broker.process.wait()
    with pytest.raises(BrokerUnavailable):
        await jobs.glance()
    with pytest.raises(BrokerUnavailable, match="no shard"):
        await jobs.wait(10)


# -- a whole worker ---------------------------------------------------------------------------------------


@asynccontextmanager
async def working(servers: Servers) -> AsyncIterator[Worker]:
    engine = EngineSupervisor(EngineSettings(ENGINE, MODEL), EngineLimits())
    async with opened(servers) as jobs:
        worker = Worker(Consumer("w", jobs, engine, QUICK, Keys()), engine)
        yield worker
        await worker.drained()


async def test_worker_recognises_for_all_shards(servers: Servers) -> None:
    audio = pcm(Fault.NONE)
    async with working(servers):
        for shard in range(SHARDS):
            await servers.submit(shard, Job(SESSIONS[shard], 0, audio, len(audio) // 2))
        for shard in range(SHARDS):
            await wait_until(partial(servers.text, shard), "it has its text")


# -- the layout -------------------------------------------------------------------------------------------


async def test_broker_split_after_the_worker_began_ends_it(brokers: list[Broker]) -> None:
    layouts = [ShardLayout(1, stored=False), ShardLayout(1, stored=False), ShardLayout(4, alone=False)]

    async def layout() -> ShardLayout:
        return layouts.pop(0)

    async with AllShards(layout, lambda keys: ShardJobs(brokers[0].url, "w", keys)) as jobs:
        await jobs.check()
        status = WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE)
        await jobs.heartbeat(status)
        with pytest.raises(BrokerRefused, match="start it again"):
            await jobs.heartbeat(status)
