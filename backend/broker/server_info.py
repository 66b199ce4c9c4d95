"""Parsing of INFO and CONFIG of Redis and Valkey. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from backend.core.errors import BrokerFailed, BrokerTooOld
from protocol.broker_url import BrokerKind
from runtime.broker_connection import server_version

_MUCH: Final = 1024 * 1024


def checked_version(info: Mapping[str, Any]) -> str:
    """Return name and version from INFO. Raises ``BrokerTooOld``."""
    try:
        return server_version(info)
    except ValueError as error:
        raise BrokerTooOld(str(error)) from error


def check_is_meant(info: Mapping[str, Any], kind: BrokerKind) -> None:
    """Raise ``BrokerFailed`` if INFO comes from a node of a cluster, whose address has another form."""
    mode = info.get("server_mode", info.get("redis_mode"))
    if kind is BrokerKind.SERVER and mode == "cluster":
        raise BrokerFailed("the broker is a node of a Redis Cluster: write redis+cluster://HOST:PORT")


def is_durable(config: Mapping[str, str]) -> bool:
    """Return whether acknowledged writes survive a power loss, according to CONFIG."""
    return config.get("appendonly") == "yes" and config.get("appendfsync") == "always"


def is_worth_compacting(info: Mapping[str, Any], *, anyway: bool = False) -> bool:
    """Return whether the append-only file holds much deleted data and no rewrite runs, according to INFO.

    ``anyway``: even if little is deleted. INFO counts writes during the last rewrite as part of the new file.
    """
    grown = int(info.get("aof_current_size", 0)) - int(info.get("aof_base_size", 0))
    busy = info.get("aof_rewrite_in_progress") or info.get("aof_rewrite_scheduled")
    return bool(info.get("aof_enabled")) and not busy and (anyway or grown > _MUCH)
