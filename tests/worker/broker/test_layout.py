"""The broker's layout, as a worker reads it."""

import pytest
from redis.asyncio import Redis

from protocol.job import SHARDS_KEY, Keys
from tests.helpers.ports import free_port
from tests.helpers.valkey import Broker, running_broker
from worker.broker.layout import ShardLayout, read_layout
from worker.core.errors import BrokerRefused, BrokerUnavailable


async def test_broker_without_a_number_has_one_shard_for_the_moment(broker: Broker) -> None:
    layout = await read_layout(broker.url)
    assert layout == ShardLayout(1, alone=True, stored=False)
    assert layout.each() == (Keys(),)


async def test_number_in_the_broker_is_that_of_the_shards(broker: Broker) -> None:
    async with Redis.from_url(broker.url) as redis:
        await redis.set(SHARDS_KEY, 3)
        layout = await read_layout(broker.url)
        assert layout.each() == (Keys(0, alone=False), Keys(1, alone=False), Keys(2, alone=False))
        await redis.set(SHARDS_KEY, "many")
        with pytest.raises(BrokerRefused, match="no number of shards"):
            await read_layout(broker.url)
        await redis.delete(SHARDS_KEY)


async def test_cluster_waits_for_the_number() -> None:
    with running_broker(None, "--cluster-enabled", "yes") as node:
        async with Redis.from_url(node.url) as redis:
            await redis.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")  # type: ignore[no-untyped-call] # so in redis-py
        with pytest.raises(BrokerUnavailable):  # at first the broker is down, then it does not know the number
            await read_layout(node.url)


async def test_broker_that_is_away_is_unavailable() -> None:
    with pytest.raises(BrokerUnavailable):
        await read_layout(f"redis+cluster://127.0.0.1:{free_port()}")
