"""Removal of the traces of disconnected workers, on every kind of broker."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from backend.core.errors import BrokerUnreachable
from backend.workers.calls import ConnectionState
from backend.workers.traces import MOST_NAMES, WorkerTraces
from protocol.job import GROUP
from tests.helpers.valkey import Broker
from tests.worker.scripts import STREAMS
from worker.broker.scripts import RETURNED

HERE, THERE = STREAMS[0].encode(), STREAMS[1].encode()


class World:
    """A broker, and the traces of a gateway with a controllable clock."""

    def __init__(self, redis: Any) -> None:
        self.redis = redis
        self.now = 0.0
        self.away = False
        self.traces = WorkerTraces(self.administer, lambda: self.now)

    async def administer(self, *command: str | bytes) -> Any:
        if self.away:
            raise BrokerUnreachable("nobody answers")
        return await self.redis.execute_command(*command)

    async def reading(self, name: bytes, *streams: bytes, device: str = "d") -> ConnectionState:
        """Create a connection that has made and read these streams."""
        connection_state = self.traces.connection_state(device)
        assert connection_state.is_consumer(name)
        for stream in streams:
            assert connection_state.is_stream(stream)
            if not await self.redis.exists(stream):
                await self.redis.xgroup_create(stream, GROUP, "0-0", mkstream=True)
            await self.redis.xgroup_createconsumer(stream, GROUP, name)
        return connection_state

    async def consumers(self, stream: bytes) -> set[bytes]:
        """Return the consumers of a stream; empty if the stream does not exist."""
        if not await self.redis.exists(stream):
            return set()
        return {info["name"] for info in await self.redis.xinfo_consumers(stream, GROUP)}


@pytest.fixture
async def world(any_broker: Broker) -> AsyncIterator[World]:
    async with Redis.from_url(any_broker.url, protocol=2) as redis:
        yield World(redis)


async def test_traces_are_removed_with_last_connection_of_a_name(world: World) -> None:
    first, second = await world.reading(b"w", HERE), await world.reading(b"w", THERE)
    await world.traces.remove_traces(first)
    assert await world.consumers(HERE) == await world.consumers(THERE) == {b"w"}
    await world.traces.remove_traces(second)
    assert await world.redis.exists(HERE, THERE) == 0


async def test_streams_of_connection_without_consumer_are_removed(world: World) -> None:
    connection_state = world.traces.connection_state("d")
    assert connection_state.is_stream(HERE)
    await world.redis.xgroup_create(HERE, GROUP, "0-0", mkstream=True)
    await world.traces.remove_traces(connection_state)
    assert await world.redis.exists(HERE) == 0


async def test_streams_with_readers_or_entries_are_kept(world: World) -> None:
    gone = await world.reading(b"gone", HERE, THERE)
    await world.reading(b"stays", HERE)
    await world.redis.xadd(THERE, {"a": "b"})
    await world.traces.remove_traces(gone)
    assert await world.consumers(HERE) == {b"stays"}
    assert (await world.redis.exists(THERE), await world.consumers(THERE)) == (1, set())


@pytest.mark.parametrize("pending", [False, True])
async def test_stream_read_only_by_returned_consumer_is_removed(world: World, pending: bool) -> None:
    gone = await world.reading(b"gone", HERE)
    await world.redis.xadd(HERE, {"a": "b"})
    await world.redis.xreadgroup(GROUP, RETURNED, {HERE: ">"}, noack=not pending)
    await world.redis.xtrim(HERE, maxlen=0, approximate=False)
    await world.traces.remove_traces(gone)
    assert await world.redis.exists(HERE) == pending
    assert await world.consumers(HERE) == ({RETURNED.encode()} if pending else set())


async def test_consumer_stays_until_its_pending_entries_are_claimed(world: World) -> None:
    connection_state = await world.reading(b"w", HERE)
    entry = await world.redis.xadd(HERE, {"a": "b"})
    await world.redis.xreadgroup(GROUP, "w", {HERE: ">"})
    await world.traces.remove_traces(connection_state)
    assert await world.consumers(HERE) == {b"w"}
    assert len(await world.redis.xpending_range(HERE, GROUP, "-", "+", 9)) == 1
    await world.traces.tidy()
    assert await world.consumers(HERE) == {b"w"}
    await world.redis.xclaim(HERE, GROUP, "v", 0, [entry])
    await world.traces.tidy()
    assert await world.consumers(HERE) == {b"v"}


async def test_name_belongs_to_one_device_while_in_use(world: World) -> None:
    connection_state = await world.reading(b"w", HERE)
    assert not world.traces.connection_state("another").is_consumer(b"w")
    await world.traces.remove_traces(connection_state)
    assert world.traces.connection_state("another").is_consumer(b"w")


async def test_new_names_per_device_and_minute_are_limited(world: World) -> None:
    for number in range(MOST_NAMES):
        await world.traces.remove_traces(await world.reading(b"%d" % number))
    assert not world.traces.connection_state("d").is_consumer(b"one more")
    assert world.traces.connection_state("d").is_consumer(b"0"), "that is no new one"
    assert world.traces.connection_state("other").is_consumer(b"one more")
    world.now += 61.0
    assert world.traces.connection_state("d").is_consumer(b"and another")


async def test_removal_is_retried_when_broker_is_away(world: World) -> None:
    connection_state = await world.reading(b"w", HERE)
    world.away = True
    await world.traces.remove_traces(connection_state)
    world.away = False
    assert await world.consumers(HERE) == {b"w"}
    await world.traces.tidy()
    assert await world.redis.exists(HERE) == 0
