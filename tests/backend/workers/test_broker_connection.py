"""Addresses of brokers, and connections with an account."""

import pytest

from backend.core.errors import BrokerFailed, BrokerUnreachable
from backend.workers.accounts import Account
from backend.workers.broker_connection import Place, place_of, upstream
from tests.helpers.valkey import Broker


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("unix:///run/a%20b/broker.sock", Place("/run/a b/broker.sock")),
        ("redis://host", Place("", "host")),
        ("redis://user:word@host:7000/3", Place("", "host", 7000, database=3)),
        ("rediss://host:6380", Place("", "host", 6380, tls=True)),
        ("redis://", Place("", "localhost")),
    ],
)
def test_address_is_parsed_as_redis_does(url: str, place: Place) -> None:
    assert place_of(url) == place


async def test_unknown_account_is_refused(any_broker: Broker) -> None:
    with pytest.raises(BrokerFailed):
        async with upstream(place_of(any_broker.url), Account("nobody", "x")):
            pass


async def test_absent_broker_is_unreachable() -> None:
    with pytest.raises(BrokerUnreachable):
        async with upstream(Place("/nowhere/at/all"), Account("nobody", "x")):
            pass
