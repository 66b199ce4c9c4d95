"""The gateway's connections to the servers that an address names."""

import asyncio
import ssl
from pathlib import Path

import pytest

from backend.broker.connections import Connections
from backend.broker.jobs import open_jobs
from backend.core.errors import BrokerFailed, BrokerUnreachable, InvalidSettings
from backend.http.certificates import own_certificate, server_context
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


@pytest.mark.parametrize(
    ("address", "database"),
    [("", 0), ("/3", 3), ("?db=4", 4), ("/3?db=4", 4)],
    ids=["none", "path", "option", "both"],
)
def test_database_is_read_as_redis_does(address: str, database: int) -> None:
    assert Connections(f"redis://host{address}", "me").database == database


async def test_dialled_connection_trusts_the_authority_of_the_address(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    made = own_certificate(tmp_path)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server_context(made)) as server:
        url = f"rediss://127.0.0.1:{server.sockets[0].getsockname()[1]}?ssl_check_hostname=no"
        with pytest.raises(ssl.SSLCertVerificationError):
            await Connections(url, "me").dial("any")
        reader, writer = await Connections(f"{url}&ssl_ca_certs={made.certificate}", "me").dial("any")
        writer.write(b"PING\r\n")
        assert await reader.readline() == b"PING\r\n"
        writer.close()


async def test_invalid_address_names_the_valid_form() -> None:
    with pytest.raises(InvalidSettings, match="redis\\+sentinel://.*/MASTER"):
        await opened("redis+sentinel://me:secret@h")


async def test_sentinels_that_are_away_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.broker.layout.CONNECT_S", 0.1)
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
