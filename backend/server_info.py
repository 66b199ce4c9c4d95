"""What a Redis or Valkey says about itself. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from backend.errors import BrokerTooOld

_MUCH: Final = 1024 * 1024
_OLDEST: Final = {"redis": (7, 0), "valkey": (7, 2)}


def checked_version(info: Mapping[str, Any]) -> str:
    """Name and version out of INFO. Raises ``BrokerTooOld``."""
    kind = "valkey" if "valkey_version" in info else "redis"
    version = str(info.get(f"{kind}_version", "0"))
    number = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if number < _OLDEST[kind]:
        needed = ".".join(map(str, _OLDEST[kind]))
        raise BrokerTooOld(f"{kind} {version} is too old: {kind} {needed} or newer is needed")
    return f"{kind} {version}"


def is_durable(config: Mapping[str, str]) -> bool:
    """Whether what it acknowledged survives a power loss, as its CONFIG says."""
    return config.get("appendonly") == "yes" and config.get("appendfsync") == "always"


def is_worth_compacting(info: Mapping[str, Any], *, anyway: bool = False) -> bool:
    """Whether INFO says that the append-only file holds much that is deleted, and that nothing rewrites it now.

    ``anyway``: however little; INFO counts what came during the last rewrite as if it had been part of it.
    """
    grown = int(info.get("aof_current_size", 0)) - int(info.get("aof_base_size", 0))
    busy = info.get("aof_rewrite_in_progress") or info.get("aof_rewrite_scheduled")
    return bool(info.get("aof_enabled")) and not busy and (anyway or grown > _MUCH)


def shown_url(url: str) -> str:
    """The URL without what is secret in it."""
    return re.sub(r"^(\w+://)[^/?]*@", r"\1", url).partition("?")[0]
