"""The number of shards, which the first gateway stores in the broker."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from backend.broker.connections import Connections
from backend.broker.layout import BrokerLayout, agreed_layout
from backend.core.errors import BrokerMismatch
from protocol.job import SHARDS_KEY, Keys
from tests.helpers.valkey import Broker


@pytest.fixture
async def redis(broker: Broker) -> AsyncIterator["Redis"]:
    async with Redis.from_url(broker.url) as redis:
        yield redis
        await redis.delete(SHARDS_KEY)


async def agreed(broker: Broker, wanted: int | None) -> BrokerLayout:
    return await agreed_layout(Connections(broker.url, "me"), "here", wanted)


async def test_first_gateway_stores_the_number(broker: Broker, redis: "Redis") -> None:
    assert (await agreed(broker, 3)).shards == 3
    assert await redis.get(SHARDS_KEY) == b"3"
    assert (await agreed(broker, None)).shards == 3
    assert (await agreed(broker, 3)).shards == 3


async def test_gateway_without_a_number_stores_one(broker: Broker, redis: "Redis") -> None:
    assert (await agreed(broker, None)).each() == (Keys(),)
    assert await redis.get(SHARDS_KEY) == b"1"


async def test_another_number_is_refused(broker: Broker, redis: "Redis") -> None:
    await agreed(broker, 3)
    with pytest.raises(BrokerMismatch, match="split over 3 shards.*use 4.*--shards 3"):
        await agreed(broker, 4)


@pytest.mark.parametrize("stored", [b"0", b"many", b"1001", b""])
async def test_nonsense_in_the_broker_is_reported(broker: Broker, redis: "Redis", stored: bytes) -> None:
    await redis.set(SHARDS_KEY, stored)
    with pytest.raises(BrokerMismatch, match="no number of shards"):
        await agreed(broker, None)


async def test_full_broker_is_read(broker: Broker, redis: "Redis") -> None:
    await agreed(broker, 2)
    await redis.config_set("maxmemory", "1")
    try:
        assert (await agreed(broker, None)).shards == 2
    finally:
        await redis.config_set("maxmemory", "0")


def test_shards_of_a_cluster_are_never_alone() -> None:
    assert BrokerLayout(1, cluster=True, version="").each() == (Keys(0, alone=False),)
    assert BrokerLayout(2, cluster=False, version="").each() == (Keys(0, alone=False), Keys(1, alone=False))
