"""Connections that a function opens, to real servers."""

import asyncio

import pytest
from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import AskError, AuthenticationError, MovedError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from runtime.broker_connection import Dial, DialledConnection, check_server_url, error_text
from tests.helpers.valkey import Broker, running_broker


def client(dial: Dial, primary: bool = True) -> "Redis":
    return Redis.from_pool(ConnectionPool(connection_class=DialledConnection, dial=dial, primary=primary))


async def test_client_connects_to_a_primary(broker: Broker) -> None:
    async with client(lambda: asyncio.open_unix_connection(broker.socket)) as redis:
        assert await redis.ping()


async def test_replica_is_refused_when_the_primary_is_needed() -> None:
    with running_broker(None, "--replicaof", "127.0.0.1 1") as replica:
        async with client(lambda: asyncio.open_unix_connection(replica.socket)) as redis:
            with pytest.raises(RedisConnectionError, match="replica"):
                await redis.ping()
        async with client(lambda: asyncio.open_unix_connection(replica.socket), primary=False) as redis:
            assert await redis.ping()


async def test_refused_dial_raises_authentication_error() -> None:
    async def refused() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        raise PermissionError("not you")

    async with client(refused) as redis:
        with pytest.raises(RedisConnectionError, match="not you") as caught:
            await redis.ping()
    assert isinstance(caught.value.__cause__, AuthenticationError)


@pytest.mark.parametrize("kind", [MovedError, AskError])
def test_error_text_of_moved_data_names_the_other_server(kind: type[AskError]) -> None:
    assert error_text(kind("13907 127.0.0.1:7001")) == "the data is at another server now, 127.0.0.1:7001"
    assert error_text(ResponseError("ERR no")) == "ERR no"


def test_unknown_option_of_an_address_is_refused_by_name() -> None:
    check_server_url("rediss://me:secret@h:1/2?ssl_ca_certs=/ca.pem&socket_timeout=3")
    with pytest.raises(ValueError, match="option after \\? is not known: 'foo'"):
        check_server_url("redis://h?foo=1")


@pytest.mark.parametrize("url", ["redis://h:1/jobs", "rediss://h/1x", "redis://me:secret@h/-1"])
def test_database_that_is_no_number_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="a database is a number, not") as refused:
        check_server_url(url)
    assert "secret" not in str(refused.value)


def test_option_of_the_connection_pool_is_accepted() -> None:
    check_server_url("redis://h?max_connections=8")


@pytest.mark.parametrize("url", ["rediss://h?ssl_cert_reqs=maybe", "redis://h?protocol=9"])
def test_option_value_that_redis_py_refuses_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"wrong value: (Invalid SSL Certificate|protocol must)"):
        check_server_url(url)
