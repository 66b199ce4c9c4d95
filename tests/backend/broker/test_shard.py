"""The gateway's jobs over several shards, each on a separate server, which can be frozen."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from backend.admission.admission import StreamContent
from backend.broker.connections import Connections
from backend.broker.jobs import Jobs
from backend.broker.layout import BrokerLayout
from backend.broker.queues import Queues
from backend.broker.records import JobQueued
from backend.core.errors import BrokerError, BrokerUnreachable
from protocol.job import Detached, Job, Keys, Notice, encode_job, encode_notice, encode_status, shard_of
from protocol.monitor import WorkerState, WorkerStatus
from runtime.tasks import Tasks
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SHARDS = 3
SESSIONS = [next(f"{n}" for n in range(99) if shard_of(f"{n}", SHARDS) == shard) for shard in range(SHARDS)]
STREAM = Keys().jobs("interactive")


class ManyServers(Connections):
    """Connections to a server per shard."""

    def __init__(self, brokers: list[Broker]) -> None:
        super().__init__(brokers[0].url, "g")
        self._brokers = brokers

    def client(self, key: str) -> "Redis":
        return self._of(key).client(key)

    def bare(self, key: str):  # type: ignore[no-untyped-def] # the type is redis-py's
        return self._of(key).bare(key)

    def _of(self, key: str) -> Connections:
        return Connections(self._brokers[int(key.partition("{")[2][0])].url, "g")


@pytest.fixture
async def clients(brokers: list[Broker]) -> AsyncIterator[list["Redis"]]:
    clients = [Redis.from_url(broker.url, protocol=2) for broker in brokers]
    yield clients
    for client in clients:
        await client.aclose()


@asynccontextmanager
async def opened(brokers: list[Broker]) -> AsyncIterator[Jobs]:
    jobs = Jobs(ManyServers(brokers), BrokerLayout(SHARDS, cluster=True, version="v"), "g")
    try:
        await jobs.prepare()
        async with Tasks("jobs") as tasks:
            for shard in jobs.shards:
                tasks.start(shard.run(), "writer")
                tasks.start(shard.keep_prepared(), "prepare")
            yield jobs
    finally:
        await jobs.close()


@pytest.fixture
async def jobs(brokers: list[Broker]) -> AsyncIterator[Jobs]:
    async with opened(brokers) as jobs:
        yield jobs


def freeze(broker: Broker) -> None:
    broker.process.send_signal(signal.SIGSTOP)


def thaw(broker: Broker) -> None:
    broker.process.send_signal(signal.SIGCONT)


async def queue_all(jobs: Jobs) -> None:
    for session in SESSIONS:
        await jobs.attach(session, "me", resume=False)
        assert await jobs.submit(Job(session, 0, b"\0\0", 1)) == JobQueued(0)


async def test_each_session_is_in_its_shard(jobs: Jobs, clients: list["Redis"]) -> None:
    await queue_all(jobs)
    for shard, client in enumerate(clients):
        keys = Keys(shard, alone=False)
        assert (
            await client.exists(keys.session(SESSIONS[shard])) and await client.xlen(keys.jobs("interactive")) == 1
        )
        assert await client.dbsize() == 3


async def test_survey_is_the_sum_of_all_shards(jobs: Jobs, clients: list["Redis"]) -> None:
    await queue_all(jobs)
    for shard, client in enumerate(clients):
        seconds, _ = await client.time()
        for name in ("both", f"of-{shard}"):
            status = WorkerStatus(name, "h", "e", "m", "cpu", WorkerState.IDLE, at_ms=int(seconds) * 1000)
            await client.hset(Keys(shard, alone=False).workers, name, encode_status(status).decode())
    survey = await jobs.survey()
    assert survey.streams[STREAM] == StreamContent(3, 3, survey.streams[STREAM].oldest_ms)
    assert {worker.worker for worker in survey.workers} == {"both", "of-0", "of-1", "of-2"}
    assert survey.missing == ()


async def test_frozen_shard_delays_only_its_own_sessions(jobs: Jobs, brokers: list[Broker]) -> None:
    await queue_all(jobs)
    freeze(brokers[1])
    try:
        waiting = jobs.submit(Job(SESSIONS[1], 1, b"\0\0", 1))
        assert await jobs.submit(Job(SESSIONS[0], 1, b"\0\0", 1)) == JobQueued(1)
        assert not waiting.done()
        survey = await jobs.survey()
        assert survey.missing == (1,) and survey.streams[STREAM].entries == 3
    finally:
        thaw(brokers[1])
    assert await waiting == JobQueued(1)


async def test_sessions_of_a_dead_shard_are_not_served(jobs: Jobs, brokers: list[Broker]) -> None:
    await queue_all(jobs)
    brokers[1].process.kill()
    brokers[1].process.wait()
    waiting = jobs.submit(Job(SESSIONS[1], 1, b"\0\0", 1))
    await wait_until(lambda: not jobs.serves(SESSIONS[1]), "it is noticed")
    assert jobs.up and jobs.serves(SESSIONS[0]) and not waiting.done()
    waiting.cancel()


async def test_gateway_starts_without_a_shard_and_takes_it_up_later(
    brokers: list[Broker], clients: list["Redis"]
) -> None:
    freeze(brokers[2])
    try:
        async with opened(brokers) as jobs:
            assert [shard.prepared for shard in jobs.shards] == [True, True, False]
            thaw(brokers[2])
            await wait_until(lambda: jobs.shards[2].prepared, "it is prepared")
            await queue_all(jobs)
    finally:
        thaw(brokers[2])


async def test_gateway_without_any_shard_does_not_start(brokers: list[Broker]) -> None:
    for broker in brokers:
        broker.process.kill()
        broker.process.wait()
    with pytest.raises(BrokerError):
        async with opened(brokers):
            pass


async def test_results_of_all_shards_arrive(jobs: Jobs, clients: list["Redis"]) -> None:
    notices: list[Notice] = []
    subscribed: list[int] = []
    task = asyncio.create_task(jobs.listen(notices.append, lambda: subscribed.append(1)))
    await wait_until(lambda: len(subscribed) == SHARDS, "subscriptions")
    for shard, client in enumerate(clients):
        notice = encode_notice(Detached("s", "h", shard))
        await client.execute_command("SPUBLISH", f"kiki:{{{shard}}}:results:g", notice)  # type: ignore[no-untyped-call] # so in redis-py
    await wait_until(lambda: len(notices) == SHARDS, "notices")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_queues_are_of_all_shards_and_name_the_missing(
    jobs: Jobs, brokers: list[Broker], clients: list["Redis"]
) -> None:
    await queue_all(jobs)
    queues = Queues(jobs)
    entries = [entry async for entry in queues.entries()]
    assert [entry.session for entry in entries] == SESSIONS and not queues.missing
    assert {entry.owner for entry in entries} == {"me"}
    freeze(brokers[0])
    try:
        assert [entry.session async for entry in queues.entries()] == SESSIONS[1:]
        assert list(queues.missing) == [0]
        assert await queues.tidy() == {}
    finally:
        thaw(brokers[0])


async def test_dead_letters_of_all_shards_are_in_the_order_of_time(jobs: Jobs, clients: list["Redis"]) -> None:
    for ms, shard in ((5, 0), (7, 2), (6, 1), (6, 0)):
        fields = encode_job(Job(SESSIONS[shard], ms, b"\0\0", 1))
        await clients[shard].xadd(Keys(shard, alone=False).dead, fields, id=f"{ms}-0")  # type: ignore[arg-type] # stubs of redis-py
    letters = await jobs.dead_letters()
    assert [letter.entry for letter in letters] == ["2:7-0", "1:6-0", "0:6-0", "0:5-0"]
    pages = [await jobs.dead_letters(1, before) for before in ("", "2:7-0", "1:6-0", "0:6-0", "0:5-0")]
    assert [[letter.entry for letter in page] for page in pages] == [
        ["2:7-0"],
        ["1:6-0"],
        ["0:6-0"],
        ["0:5-0"],
        [],
    ]
    letter = await jobs.dead_letter("1:6-0")
    assert letter is not None and letter.job.session == SESSIONS[1]
    assert await jobs.drop_dead("1:6-0") and not await jobs.drop_dead("1:6-0")
    assert await jobs.dead_letter("9:6-0") is None


async def test_dead_letters_without_a_shard_are_an_error(jobs: Jobs, brokers: list[Broker]) -> None:
    brokers[1].process.kill()
    brokers[1].process.wait()
    with pytest.raises(BrokerUnreachable):
        await jobs.dead_letters()
