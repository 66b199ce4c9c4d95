"""The gateway's connections to what an address leads to."""

import pytest

from backend.broker.connections import Connections
from backend.broker.jobs import open_jobs
from backend.core.errors import BrokerFailed, BrokerUnreachable, InvalidSettings
from tests.helpers.ports import free_port
from tests.helpers.redis_cluster import running_sentinels
from tests.helpers.valkey import Broker, running_broker


async def opened(url: str) -> None:
    async with open_jobs(url, "g"):
        pass


async def test_client_and_bare_connection_reach_the_server(broker: Broker) -> None:
    connections = Connections(broker.url, "me")
    bare = connections.bare("any")
    async with connections.client("any") as client:
        await bare.send_command("PING")
        assert [one["name"] for one in await client.client_list()] == ["me", "me"]
        await bare.disconnect()


async def test_invalid_address_names_the_valid_form() -> None:
    with pytest.raises(InvalidSettings, match="redis\\+sentinel://.*/MASTER"):
        await opened("redis+sentinel://me:secret@h")


async def test_sentinels_that_are_away_are_named() -> None:
    with pytest.raises(BrokerUnreachable, match="at redis\\+sentinel://127.*Connect call failed"):
        await opened(f"redis+sentinel://me:secret@127.0.0.1:{free_port()}/kiki")


async def test_wrong_password_of_the_primary_is_refused() -> None:
    with running_sentinels("right") as set_up:
        with pytest.raises(BrokerFailed, match="refuses the user or the password"):
            await opened(set_up.url.replace("right", "wrong"))
        async with open_jobs(set_up.url, "g") as jobs:
            assert jobs.version


async def test_node_of_a_cluster_needs_the_address_of_a_cluster() -> None:
    refusal = pytest.raises(BrokerFailed, match="write redis\\+cluster://")
    with running_broker(None, "--cluster-enabled", "yes") as node, refusal:
        await opened(node.url)
