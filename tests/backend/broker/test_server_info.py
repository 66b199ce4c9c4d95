"""Parsing of a broker's INFO and CONFIG."""

import pytest

from backend.broker.server_info import checked_version, is_durable, is_worth_compacting
from backend.core.errors import BrokerTooOld


@pytest.mark.parametrize(
    ("info", "version"),
    [
        ({"redis_version": "7.0.0"}, "redis 7.0.0"),
        ({"redis_version": "8.0.2"}, "redis 8.0.2"),
        ({"redis_version": "7.2.4", "valkey_version": "7.2.5", "server_name": "valkey"}, "valkey 7.2.5"),
        ({"redis_version": "7.2.4", "valkey_version": "10.0.0"}, "valkey 10.0.0"),
    ],
)
def test_supported_version_is_returned(info: dict[str, str], version: str) -> None:
    assert checked_version(info) == version


@pytest.mark.parametrize(
    "info",
    [
        {"redis_version": "6.2.14"},
        {"redis_version": "7.2.4", "valkey_version": "7.1.0"},
        {},
        {"redis_version": "x"},
    ],
)
def test_too_old_version_is_refused(info: dict[str, str]) -> None:
    with pytest.raises(BrokerTooOld, match="or newer is needed"):
        checked_version(info)


def test_broker_is_durable_only_with_fsync_on_every_write() -> None:
    assert is_durable({"appendonly": "yes", "appendfsync": "always"})
    assert not is_durable({"appendonly": "yes", "appendfsync": "everysec"})
    assert not is_durable({"appendonly": "no", "appendfsync": "always"})
    assert not is_durable({})


def test_compacting_needs_grown_file_and_no_running_rewrite() -> None:
    grown = {"aof_enabled": 1, "aof_current_size": 3_000_000, "aof_base_size": 100}
    assert is_worth_compacting(grown)
    assert not is_worth_compacting(grown | {"aof_rewrite_in_progress": 1})
    assert not is_worth_compacting(grown | {"aof_base_size": 2_900_000})
    assert not is_worth_compacting(grown | {"aof_enabled": 0})
    assert not is_worth_compacting({})
    little = grown | {"aof_base_size": 2_900_000}
    assert is_worth_compacting(little, anyway=True)
    assert is_worth_compacting(grown | {"aof_base_size": grown["aof_current_size"]}, anyway=True)
    assert not is_worth_compacting(grown | {"aof_rewrite_in_progress": 1}, anyway=True)
    assert not is_worth_compacting({}, anyway=True)
