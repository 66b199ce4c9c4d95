"""The broker's layout as a worker reads it: the number of shards, which a gateway has stored."""

from typing import Any, NamedTuple

from redis.exceptions import RedisError

from protocol.job import MOST_SHARDS, SHARDS_KEY, Keys
from runtime.broker_connection import Dial
from worker.broker.connections import broker_error, check_version, open_client
from worker.core.errors import BrokerRefused, BrokerUnavailable


class ShardLayout(NamedTuple):
    """Number of shards. ``alone``: there is one, and the broker is no cluster. ``stored``: by a gateway."""

    shards: int = 1
    alone: bool = True
    stored: bool = True

    def each(self) -> tuple[Keys, ...]:
        """Return the keys of each shard."""
        return tuple(Keys(shard, self.alone) for shard in range(self.shards))


async def read_layout(url: str, dial: Dial | None = None) -> ShardLayout:
    """Return the broker's layout, and check that it answers and is new enough. Raises ``BrokerError``.

    A cluster is unavailable until a gateway has stored the number; another broker has one shard until then.
    """
    client = open_client(url, SHARDS_KEY, dial)
    try:
        info: Any = await client.info("server")
        check_version(info)
        stored: Any = await client.get(SHARDS_KEY)
    except (RedisError, OSError) as error:
        raise broker_error(error) from error
    finally:
        await client.aclose()
    cluster = info.get("server_mode", info.get("redis_mode")) == "cluster"
    if stored is None and cluster:
        raise BrokerUnavailable("no gateway has stored the broker's number of shards yet")
    shards = int(stored or 1) if stored is None or stored.isdigit() else 0
    if not 0 < shards <= MOST_SHARDS:
        raise BrokerRefused(f"the broker's {SHARDS_KEY} is no number of shards: is it a broker of kikipounamu?")
    return ShardLayout(shards, shards == 1 and not cluster, stored is not None)
