"""Addresses of brokers, and connections with an account."""

import pytest

from backend.core.errors import BrokerFailed, BrokerUnreachable
from backend.workers.accounts import Account
from backend.workers.broker_connection import BrokerAddress, place_of, upstream
from tests.helpers.valkey import Broker


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("unix:///run/a%20b/broker.sock", BrokerAddress("/run/a b/broker.sock")),
        ("redis://host", BrokerAddress("", "host")),
        ("redis://user:word@host:7000/3", BrokerAddress("", "host", 7000, database=3)),
        ("rediss://host:6380", BrokerAddress("", "host", 6380, tls=True)),
        ("redis://", BrokerAddress("", "localhost")),
    ],
)
def test_address_is_parsed_as_redis_does(url: str, place: BrokerAddress) -> None:
    assert place_of(url) == place


async def test_unknown_account_is_refused(any_broker: Broker) -> None:
    with pytest.raises(BrokerFailed):
        async with upstream(place_of(any_broker.url), Account("nobody", "x")):
            pass


async def test_absent_broker_is_unreachable() -> None:
    with pytest.raises(BrokerUnreachable):
        async with upstream(BrokerAddress("/nowhere/at/all"), Account("nobody", "x")):
            pass
