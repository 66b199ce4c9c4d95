"""The gateway's end of a tunnel: connections with an account."""

import asyncio

import pytest

from backend.broker.connections import Connections
from backend.core.errors import BrokerFailed, BrokerUnreachable
from backend.workers.accounts import Account
from backend.workers.broker_connection import upstream
from tests.helpers.valkey import Broker

UNKNOWN = Account("unknown", "x")


async def test_unknown_account_is_refused(any_broker: Broker) -> None:
    with pytest.raises(BrokerFailed):
        async with upstream(lambda: Connections(any_broker.url, "me").dial("any"), UNKNOWN):
            pass


async def test_absent_broker_is_unreachable() -> None:
    with pytest.raises(BrokerUnreachable):
        async with upstream(lambda: asyncio.open_unix_connection("/nowhere/at/all"), UNKNOWN):
            pass


async def test_database_of_the_brokers_url_is_selected(any_broker: Broker) -> None:
    dial = Connections(any_broker.url, "me").dial
    async with upstream(lambda: dial("any"), Account("default", ""), 3) as connection:
        connection.writer.write(b"CLIENT INFO\r\n")
        await connection.reader.readline()
        assert f"id={connection.id} " in (info := (await connection.reader.readline()).decode())
        assert " db=3 " in info
