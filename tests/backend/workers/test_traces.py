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


class TracedBroker:
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
async def traced(any_broker: Broker) -> AsyncIterator[TracedBroker]:
    async with Redis.from_url(any_broker.url, protocol=2) as redis:
        yield TracedBroker(redis)


async def test_traces_are_removed_with_last_connection_of_a_name(traced: TracedBroker) -> None:
    first, second = await traced.reading(b"w", HERE), await traced.reading(b"w", THERE)
    await traced.traces.remove_traces(first)
    assert await traced.consumers(HERE) == await traced.consumers(THERE) == {b"w"}
    await traced.traces.remove_traces(second)
    assert await traced.redis.exists(HERE, THERE) == 0


async def test_streams_of_connection_without_consumer_are_removed(traced: TracedBroker) -> None:
    connection_state = traced.traces.connection_state("d")
    assert connection_state.is_stream(HERE)
    await traced.redis.xgroup_create(HERE, GROUP, "0-0", mkstream=True)
    await traced.traces.remove_traces(connection_state)
    assert await traced.redis.exists(HERE) == 0


async def test_streams_with_readers_or_entries_are_kept(traced: TracedBroker) -> None:
    gone = await traced.reading(b"gone", HERE, THERE)
    await traced.reading(b"stays", HERE)
    await traced.redis.xadd(THERE, {"a": "b"})
    await traced.traces.remove_traces(gone)
    assert await traced.consumers(HERE) == {b"stays"}
    assert (await traced.redis.exists(THERE), await traced.consumers(THERE)) == (1, set())


@pytest.mark.parametrize("pending", [False, True])
async def test_stream_read_only_by_returned_consumer_is_removed(traced: TracedBroker, pending: bool) -> None:
    gone = await traced.reading(b"gone", HERE)
    await traced.redis.xadd(HERE, {"a": "b"})
    await traced.redis.xreadgroup(GROUP, RETURNED, {HERE: ">"}, noack=not pending)
    await traced.redis.xtrim(HERE, maxlen=0, approximate=False)
    await traced.traces.remove_traces(gone)
    assert await traced.redis.exists(HERE) == pending
    assert await traced.consumers(HERE) == ({RETURNED.encode()} if pending else set())


async def test_consumer_stays_until_its_pending_entries_are_claimed(traced: TracedBroker) -> None:
    connection_state = await traced.reading(b"w", HERE)
    entry = await traced.redis.xadd(HERE, {"a": "b"})
    await traced.redis.xreadgroup(GROUP, "w", {HERE: ">"})
    await traced.traces.remove_traces(connection_state)
    assert await traced.consumers(HERE) == {b"w"}
    assert len(await traced.redis.xpending_range(HERE, GROUP, "-", "+", 9)) == 1
    await traced.traces.tidy()
    assert await traced.consumers(HERE) == {b"w"}
    await traced.redis.xclaim(HERE, GROUP, "v", 0, [entry])
    await traced.traces.tidy()
    assert await traced.consumers(HERE) == {b"v"}


async def test_name_belongs_to_one_device_while_in_use(traced: TracedBroker) -> None:
    connection_state = await traced.reading(b"w", HERE)
    assert not traced.traces.connection_state("another").is_consumer(b"w")
    await traced.traces.remove_traces(connection_state)
    assert traced.traces.connection_state("another").is_consumer(b"w")


async def test_new_names_per_device_and_minute_are_limited(traced: TracedBroker) -> None:
    for number in range(MOST_NAMES):
        await traced.traces.remove_traces(await traced.reading(b"%d" % number))
    assert not traced.traces.connection_state("d").is_consumer(b"one more")
    assert traced.traces.connection_state("d").is_consumer(b"0"), "that is no new one"
    assert traced.traces.connection_state("other").is_consumer(b"one more")
    traced.now += 61.0
    assert traced.traces.connection_state("d").is_consumer(b"and another")


async def test_removal_is_retried_when_broker_is_away(traced: TracedBroker) -> None:
    connection_state = await traced.reading(b"w", HERE)
    traced.away = True
    await traced.traces.remove_traces(connection_state)
    traced.away = False
    assert await traced.consumers(HERE) == {b"w"}
    await traced.traces.tidy()
    assert await traced.redis.exists(HERE) == 0
