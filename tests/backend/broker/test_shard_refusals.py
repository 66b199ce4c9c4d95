"""A broker that answers but refuses writes, as seen by a gateway that writes nothing at the time."""

import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from backend.broker.jobs import open_jobs
from backend.core.errors import BrokerUnreachable
from protocol.monitor import BrokerTrouble
from tests.backend.broker_setting import Setting, on
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

Change = Callable[[Redis, Broker], Awaitable[object]]


async def fill(redis: Redis, broker: Broker) -> None:
    await redis.config_set("maxmemory", "1")


async def empty(redis: Redis, broker: Broker) -> None:
    await redis.config_set("maxmemory", "0")


async def break_disk(redis: Redis, broker: Broker) -> None:
    """Let the broker fail to replace its file, which is a folder."""
    (broker.socket.parent / "dump.rdb").mkdir()
    (broker.socket.parent / "dump.rdb" / "file").touch()
    await redis.config_set("save", "3600 1")
    await save(redis, "err")


async def mend_disk(redis: Redis, broker: Broker) -> None:
    (broker.socket.parent / "dump.rdb").rename(broker.socket.parent / "folder")
    await save(redis, "ok")


async def save(redis: Redis, result: str) -> None:
    await redis.bgsave()

    async def saved() -> bool:
        about = await redis.info("persistence")
        return not about["rdb_bgsave_in_progress"] and about["rdb_last_bgsave_status"] == result

    await wait_until(saved, "the broker has tried to write its file")


async def follow(redis: Redis, broker: Broker) -> None:
    await redis.replicaof("127.0.0.1", "1")


async def lead(redis: Redis, broker: Broker) -> None:
    await redis.replicaof("NO", "ONE")


async def lack_replicas(redis: Redis, broker: Broker) -> None:
    await redis.config_set("min-replicas-to-write", "1")


async def lack_nothing(redis: Redis, broker: Broker) -> None:
    await redis.config_set("min-replicas-to-write", "0")


@pytest.fixture
async def at(any_broker: Broker) -> AsyncIterator[Setting]:
    async with on(any_broker) as setting:
        yield setting


@pytest.mark.parametrize(
    ("change", "undo", "trouble"),
    [
        (fill, empty, BrokerTrouble.FULL),
        (break_disk, mend_disk, BrokerTrouble.DISK),
        (follow, lead, BrokerTrouble.REPLICA),
        (lack_replicas, lack_nothing, BrokerTrouble.REPLICAS),
    ],
)
async def test_survey_sees_a_broker_that_refuses_writes(
    at: Setting, any_broker: Broker, change: Change, undo: Change, trouble: str
) -> None:
    await at.jobs.survey()
    assert (at.jobs.up, at.jobs.trouble) == (True, "")
    written = await _writes(at.redis)
    await at.jobs.survey()
    assert await _writes(at.redis) == written, "it only asks whether it could write"
    await change(at.redis, any_broker)
    await at.jobs.survey()
    assert (at.jobs.up, at.jobs.trouble) == (False, trouble)
    with pytest.raises(ResponseError):
        await at.redis.set("any", "value")
    await undo(at.redis, any_broker)
    await at.jobs.survey()
    assert (at.jobs.up, at.jobs.trouble) == (True, "")


async def test_survey_sees_a_broker_that_stands_still(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions that only wait send no commands, which would reveal it."""
    monkeypatch.setattr("backend.broker.shard.REPLY_S", 3600.0)
    monkeypatch.setattr("backend.broker.connections.REPLY_S", 2.0)
    async with open_jobs(broker.url, "g") as jobs, Redis.from_url(broker.url) as redis:
        await jobs.survey()
        assert jobs.up
        broker.process.send_signal(signal.SIGSTOP)
        with pytest.raises(BrokerUnreachable):
            await jobs.survey()
        assert (jobs.up, jobs.trouble) == (False, "")
        broker.process.send_signal(signal.SIGCONT)
        await redis.ping()
        await jobs.survey()
        assert jobs.up


async def _writes(redis: Redis) -> int:
    """Return how many changes the broker would write to its file."""
    about = await redis.info("persistence")
    return int(about["rdb_changes_since_last_save"])
