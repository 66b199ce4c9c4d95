"""The worker's connections, and what errors of a broker mean."""

import asyncio
from pathlib import Path

import pytest
import redis.exceptions as foreign

from runtime.broker_connection import is_elsewhere
from tests.helpers.valkey import Broker
from worker.broker.connections import broker_error, dials_of, open_client
from worker.core.errors import BrokerRefused, BrokerUnavailable


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "http://nowhere",
        "redis+sentinel://a:1",
        "redis+cluster://",
        "rediss+cluster://a?b=c",
        "redis://h?b=c",
    ],
)
def test_address_of_no_broker_is_refused(url: str) -> None:
    with pytest.raises(BrokerRefused, match="not the address of a broker"):
        open_client(url, "any")


def test_missing_certificate_is_reported() -> None:
    with pytest.raises(BrokerRefused, match="/none.pem: no PEM files"):
        open_client("rediss+cluster://a?ssl_ca_certs=/none.pem", "any")


def test_only_nodes_that_must_be_found_are_dialled() -> None:
    assert dials_of("redis://h")("any") is None
    assert dials_of("redis+cluster://h")("any") is not None
    with pytest.raises(BrokerRefused):
        dials_of("redis+cluster://")


async def test_missing_socket_of_a_broker_is_reported_with_what_to_start(tmp_path: Path) -> None:
    client = open_client(f"unix://{tmp_path}/broker.sock", "any")
    with pytest.raises(foreign.ConnectionError) as raised:
        await client.ping()
    await client.aclose()
    assert "`kikipounamu-gateway serve`" in str(broker_error(raised.value))
    assert "serve" not in str(broker_error(foreign.ConnectionError("Error 111 connecting to b:1.")))


async def test_client_uses_the_dialled_connection(broker: Broker) -> None:
    client = open_client("", "any", lambda: asyncio.open_unix_connection(broker.socket))
    assert await client.ping()
    await client.aclose()


@pytest.mark.parametrize(
    "error",
    [
        foreign.ReadOnlyError("READONLY"),
        foreign.MovedError("1 127.0.0.1:1"),
        foreign.AskError("1 127.0.0.1:1"),
        foreign.ClusterDownError("CLUSTERDOWN"),
        foreign.MasterDownError("MASTERDOWN"),
        foreign.TryAgainError("TRYAGAIN"),
        foreign.ResponseError("Script attempted to access a non local key in a cluster node"),
    ],
)
def test_server_that_is_not_the_primary_is_left(error: foreign.RedisError) -> None:
    assert is_elsewhere(error)
    assert isinstance(broker_error(error), BrokerUnavailable)


def test_script_that_a_server_does_not_have_yet_is_tried_again() -> None:
    """After a failover redis-py may load it through a connection to the earlier primary."""
    assert isinstance(broker_error(foreign.NoScriptError("No matching script.")), BrokerUnavailable)


def test_wrong_password_and_unknown_errors_end_the_worker() -> None:
    assert isinstance(broker_error(foreign.AuthenticationError("no")), BrokerRefused)
    assert isinstance(broker_error(foreign.ResponseError("ERR no")), BrokerRefused)
    assert not is_elsewhere(foreign.ResponseError("ERR no"))
