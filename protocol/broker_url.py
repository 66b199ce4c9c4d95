"""Addresses of a broker: one server, a server that Sentinels watch, or a Redis Cluster. Pure.

``redis+sentinel://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]/MASTER`` names the sentinels and what they call the
primary. ``redis+cluster://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]`` names some nodes, which know the others.
"""

from binascii import crc_hqx
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

SLOTS: Final = 16_384
_SENTINEL: Final = "redis+sentinel"
_CLUSTER: Final = "redis+cluster"
_PORTS: Final = {_SENTINEL: 26_379, _CLUSTER: 6_379}
_FORMS: Final = {
    _SENTINEL: "redis+sentinel://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]/MASTER",
    _CLUSTER: "redis+cluster://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]",
}


class BrokerKind(StrEnum):
    """Kind of broker that an address leads to."""

    SERVER = "server"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


class BrokerNode(NamedTuple):
    """Place of one server."""

    host: str
    port: int


class BrokerUrl(NamedTuple):
    """Parsed address. ``nodes``: sentinels, or nodes of the cluster; none for ``SERVER``, which redis-py parses.

    ``master``: what the sentinels call the primary.
    """

    kind: BrokerKind
    nodes: tuple[BrokerNode, ...] = ()
    user: str = ""
    password: str = ""
    master: str = ""


def parse_broker_url(url: str) -> BrokerUrl:
    """Parse an address; one without a form of this module is that of a server. Raises ``ValueError``."""
    parts = urlsplit(url)
    if parts.scheme.startswith("rediss+"):
        raise ValueError("TLS to Sentinel or Cluster is not supported: use a private network, or a proxy with TLS")
    if parts.scheme not in _FORMS:
        return BrokerUrl(BrokerKind.SERVER)
    form = _FORMS[parts.scheme]
    said, _, places = parts.netloc.rpartition("@")
    user, _, password = said.partition(":")
    path = unquote(parts.path).strip("/")
    nodes = tuple(_node(place, _PORTS[parts.scheme], form) for place in places.split(","))
    if parts.query or parts.fragment:
        raise ValueError(f"options after ? are not supported there: write {form}")
    about = nodes, unquote(user), unquote(password)
    if parts.scheme == _SENTINEL:
        if not path or "/" in path:
            raise ValueError(f"the sentinels' name of the primary is missing: write {form}")
        return BrokerUrl(BrokerKind.SENTINEL, *about, path)
    if path not in ("", "0"):
        raise ValueError(f"a cluster has no database {path}: write {form}")
    return BrokerUrl(BrokerKind.CLUSTER, *about)


def _node(place: str, port: int, form: str) -> BrokerNode:
    try:
        parts = urlsplit(f"//{place}")
        if parts.hostname:
            return BrokerNode(parts.hostname, parts.port or port)
    except ValueError:
        pass
    raise ValueError(f"{place!r} is not HOST:PORT: write {form}")


def slot_of(key: str) -> int:
    """Return the slot of a key in a cluster: that of its hash tag, if it has one."""
    _, brace, rest = key.partition("{")
    tag, end, _ = rest.partition("}")
    return crc_hqx((tag if brace and end and tag else key).encode(), 0) % SLOTS
