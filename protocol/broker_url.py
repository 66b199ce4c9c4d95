"""Addresses of a broker: one server, a server that Sentinels watch, or a Redis Cluster. Pure.

``redis+sentinel://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]/MASTER`` names the sentinels and what they call the
primary. ``redis+cluster://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]`` names some nodes, which know the others.
With ``rediss`` instead of ``redis`` all connections are TLS; then options of redis-py may follow after ``?``.
"""

import re
from binascii import crc_hqx
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

SLOTS: Final = 16_384
_SENTINEL: Final = "redis+sentinel"
_CLUSTER: Final = "redis+cluster"
_PORTS: Final = {_SENTINEL: 26_379, _CLUSTER: 6_379}
_FORMS: Final = {
    _SENTINEL: "redis+sentinel://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]/MASTER",
    _CLUSTER: "redis+cluster://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]",
}
_SERVER_FORM: Final = "redis://[USER:PASSWORD@]HOST:PORT"
_SECURE: Final = "rediss+"
_OPTIONS: Final = {
    "ssl_ca_certs": "authorities",
    "ssl_certfile": "certificate",
    "ssl_keyfile": "private_key",
    "ssl_check_hostname": "",
}
_FALSE: Final = ("false", "no", "0")


class BrokerKind(StrEnum):
    """Kind of broker that an address leads to."""

    SERVER = "server"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


class BrokerNode(NamedTuple):
    """Place of one server."""

    host: str
    port: int


class BrokerTls(NamedTuple):
    """Files for TLS. ``authorities``: trusted ones; empty: this computer's. ``any_name``: accept any name."""

    authorities: str = ""
    certificate: str = ""
    private_key: str = ""
    any_name: bool = False


class BrokerUrl(NamedTuple):
    """Parsed address. ``nodes``: sentinels, or nodes of the cluster; none for ``SERVER``, which redis-py parses.

    ``master``: the sentinels' name of the primary. ``tls``: for all connections; ``None``: they are not TLS.
    """

    kind: BrokerKind
    nodes: tuple[BrokerNode, ...] = ()
    user: str = ""
    password: str = ""
    master: str = ""
    tls: BrokerTls | None = None


def parse_broker_url(url: str) -> BrokerUrl:
    """Parse an address; any other scheme stands for a single server. Raises ``ValueError``."""
    parts = _split(url)
    tls, kind = parts.scheme.startswith(_SECURE), parts.scheme.replace(_SECURE, "redis+")
    if not _is_whole(parts, kind):
        raise ValueError(f"write {_FORMS.get(kind, _SERVER_FORM)}, and special characters of a password as %2F")
    if kind not in _FORMS:
        return BrokerUrl(BrokerKind.SERVER)
    form = _FORMS[kind]
    login, _, places = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    path = unquote(parts.path).strip("/")
    nodes = tuple(_node(place, _PORTS[kind], form) for place in places.split(","))
    if parts.fragment or (parts.query and not tls):
        raise ValueError(f"options after ? are for {_SECURE}, here they are not supported: write {form}")
    common = nodes, unquote(user), unquote(password)
    secured = _tls(parts.query) if tls else None
    if kind == _SENTINEL:
        if not path or "/" in path:
            raise ValueError(f"the sentinels' name of the primary is missing: write {form}")
        return BrokerUrl(BrokerKind.SENTINEL, *common, path, secured)
    if path not in ("", "0"):
        raise ValueError(f"a cluster has no database {path}: write {form}")
    return BrokerUrl(BrokerKind.CLUSTER, *common, tls=secured)


def shown_broker_url(url: str) -> str:
    """Return the URL without user, password and options; only its scheme if the rest may hold a password."""
    shown = re.sub(r"^([^/?#]*://)?[^/?#]*@", r"\1", url)
    if "@" not in shown:
        return shown.partition("?")[0]
    scheme, mark, _ = url.partition("://")
    return f"{scheme}{mark}…" if mark else "…"


def _split(url: str) -> SplitResult:
    """Split a URL. Newer versions of ``urlsplit`` refuse several nodes of which one has brackets."""
    scheme, mark, rest = url.partition("://")
    place = re.split("[/?#]", rest, maxsplit=1)[0]
    return urlsplit(f"{scheme}{mark}place{rest[len(place) :]}")._replace(netloc=place)


def _is_whole(parts: SplitResult, kind: str) -> bool:
    """Return whether host and port can be read: a "/", "?" or "#" of a password would end them early."""
    if kind in _FORMS:
        return "@" not in parts.path + parts.fragment
    try:
        return parts.port is None or parts.port >= 0
    except ValueError:
        return False


def _tls(query: str) -> BrokerTls:
    options = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(options.keys() - _OPTIONS.keys()):
        raise ValueError(f"the option {unknown[0]} is not known: the options are {', '.join(_OPTIONS)}")
    any_name = options.pop("ssl_check_hostname", "").lower() in _FALSE
    return BrokerTls(**{_OPTIONS[name]: value for name, value in options.items()}, any_name=any_name)


def _node(place: str, port: int, form: str) -> BrokerNode:
    try:
        parts = urlsplit(f"//{place}")
        if parts.hostname:
            return BrokerNode(parts.hostname, parts.port or port)
    except ValueError:
        pass
    raise ValueError(f"{place!r} is not HOST:PORT: write {form}")


def slot_of(key: str) -> int:
    """Return the slot of a key in a cluster: the slot of its hash tag, if it has one."""
    _, brace, rest = key.partition("{")
    tag, end, _ = rest.partition("}")
    return crc_hqx((tag if brace and end and tag else key).encode(), 0) % SLOTS
