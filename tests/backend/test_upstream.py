"""Where a broker is, and being known there as an account."""

import pytest

from backend.errors import BrokerFailed, BrokerUnreachable
from backend.upstream import Place, place_of, upstream
from backend.worker_accounts import Account
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
def test_the_address_is_read_as_redis_does(url: str, place: Place) -> None:
    assert place_of(url) == place


async def test_an_account_that_is_not_there_is_refused(any_broker: Broker) -> None:
    with pytest.raises(BrokerFailed):
        async with upstream(place_of(any_broker.url), Account("nobody", "x")):
            pass


async def test_a_broker_that_is_away_is_told() -> None:
    with pytest.raises(BrokerUnreachable):
        async with upstream(Place("/nowhere/at/all"), Account("nobody", "x")):
            pass
