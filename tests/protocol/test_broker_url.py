"""Addresses of brokers, and slots of keys."""

import pytest

from protocol.broker_url import (
    BrokerKind,
    BrokerNode,
    BrokerTls,
    BrokerUrl,
    parse_broker_url,
    shown_broker_url,
    slot_of,
)
from protocol.job import Keys


@pytest.mark.parametrize("url", ["redis://h:1/2", "rediss://h", "unix:///run/s", "nonsense"])
def test_address_without_own_form_is_that_of_a_server(url: str) -> None:
    assert parse_broker_url(url) == BrokerUrl(BrokerKind.SERVER)


def test_cluster_address_names_nodes_and_login() -> None:
    parsed = parse_broker_url("redis+cluster://me:p%40ss@a:1,b,[::1]:3")
    nodes = BrokerNode("a", 1), BrokerNode("b", 6379), BrokerNode("::1", 3)
    assert parsed == BrokerUrl(BrokerKind.CLUSTER, nodes, "me", "p@ss")


def test_sentinel_address_names_sentinels_and_primary() -> None:
    parsed = parse_broker_url("redis+sentinel://:secret@a,b:2/main")
    assert parsed == BrokerUrl(
        BrokerKind.SENTINEL, (BrokerNode("a", 26379), BrokerNode("b", 2)), "", "secret", "main"
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis+sentinel://a:1", "name of the primary is missing"),
        ("redis+sentinel://a:1/m/0", "name of the primary is missing"),
        ("redis+cluster://a:1/3", "a cluster has no database 3"),
        ("redis+cluster://a:x", "'a:x' is not HOST:PORT"),
        ("redis+cluster://a:1,", "'' is not HOST:PORT"),
        ("redis+cluster://", "'' is not HOST:PORT"),
        ("redis+cluster://a:1?x=1", "options after"),
        ("rediss+cluster://a:1?x=1", "option x is not known"),
        ("rediss+sentinel://a:1", "name of the primary is missing"),
        ("redis://h:x", "write redis://.*HOST:PORT"),
        ("redis://me:q7/x9@h:1", "special characters of a password as %2F"),
        ("redis://me:q7#x9@h:1", "special characters of a password as %2F"),
        ("redis+sentinel://me:q7/x9@h:1/m", "special characters of a password as %2F"),
    ],
)
def test_wrong_address_is_refused_with_advice(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        parse_broker_url(url)
    assert "q7" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:secret@host:6379/0?password=secret", "redis://host:6379/0"),
        ("redis://user:se@cret@host", "redis://host"),
        ("redis+cluster://user:secret@a:1,b:2", "redis+cluster://a:1,b:2"),
        ("unix:///run/broker.sock?password=secret", "unix:///run/broker.sock"),
        ("redis://user:se/cret@host", "redis://…"),
        ("redis://user:se?cret@host", "redis://…"),
        ("redis://user:se#cret@host", "redis://…"),
        ("user:secret@host", "host"),
        ("user:se/cret@host", "…"),
        ("nonsense", "nonsense"),
    ],
)
def test_shown_address_has_no_login(url: str, shown: str) -> None:
    assert shown_broker_url(url) == shown


def test_address_with_tls_names_its_files() -> None:
    nodes = (BrokerNode("a", 1),)
    assert parse_broker_url("rediss+sentinel://a:1/m") == BrokerUrl(
        BrokerKind.SENTINEL, nodes, master="m", tls=BrokerTls()
    )
    query = "ssl_ca_certs=/ca.pem&ssl_certfile=/c%20d.pem&ssl_keyfile=/k.pem&ssl_check_hostname=false"
    parsed = parse_broker_url(f"rediss+cluster://a:1?{query}")
    assert parsed == BrokerUrl(BrokerKind.CLUSTER, nodes, tls=BrokerTls("/ca.pem", "/c d.pem", "/k.pem", True))


def test_slot_is_that_of_the_hash_tag() -> None:
    assert slot_of("123456789") == 0x31C3  # of the specification of Redis Cluster
    assert slot_of("{user1000}.following") == slot_of("user1000")
    assert slot_of("foo{}{bar}") != slot_of("bar")
    assert slot_of("foo{{bar}}zap") == slot_of("{bar")


def test_keys_of_a_shard_have_one_slot() -> None:
    keys = Keys(3)
    names = (keys.session("s"), keys.jobs("bulk", "m"), keys.partials(), keys.backlog, keys.sweep, keys.dead)
    assert {slot_of(name) for name in (*names, *keys.history_keys, keys.results("g"))} == {slot_of("3")}
