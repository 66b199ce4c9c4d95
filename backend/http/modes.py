"""Modes of a gateway: who can reach it, and where it listens. Pure.

==========  =====================================================================================================
``local``   For this user of this computer: a loopback port, any that is free.
``shared``  For other devices too, over TLS with a pinned certificate; a loopback port stays for this computer.
``server``  Behind a proxy that terminates TLS; or, with a certificate of its own, as ``shared``.
==========  =====================================================================================================
"""

import ipaddress
import re
from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum
from typing import Final, NamedTuple

from backend.core.errors import InvalidSettings

LOOPBACK: Final = "127.0.0.1"
EVERYWHERE: Final = "*"
"""Host that stands for all addresses; over IPv6, only peers in this network may connect."""
SHARED_PORT: Final = 8765
_ORIGIN: Final = re.compile(r"null|[a-z][a-z0-9+.-]*://[a-z0-9._:\[\]-]+")
_HOST_BITS: Final = 64
_UNIQUE_LOCAL: Final = ipaddress.IPv6Network("fc00::/7")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class GatewayMode(StrEnum):
    """Reach of a gateway: this user, other devices, or a server."""

    LOCAL = "local"
    SHARED = "shared"
    SERVER = "server"


class ListenAddress(NamedTuple):
    """An address to listen on."""

    host: str
    port: int
    tls: bool = False


def listeners(
    mode: GatewayMode, host: str, port: int, tls: bool, proxies: Iterable[Network]
) -> tuple[ListenAddress, ...]:
    """Return the addresses to listen on, the one for this computer's own clients first.

    Raises ``InvalidSettings``.

    ``local`` never listens beyond loopback. Without TLS, only a gateway with named proxies does.
    """
    match mode:
        case GatewayMode.LOCAL if not is_loopback(host):
            raise InvalidSettings(
                f"{host} is not this computer: say --mode shared, or --mode server behind a proxy"
            )
        case GatewayMode.SHARED if not tls:
            raise InvalidSettings("a shared gateway needs a certificate")
        case GatewayMode.SERVER if not tls and host == EVERYWHERE:
            raise InvalidSettings(f"--host {EVERYWHERE} needs --certificate: behind a proxy, use 0.0.0.0 or ::")
        case GatewayMode.SERVER if not tls and not is_loopback(host) and not tuple(proxies):
            raise InvalidSettings(
                f"on {host} without TLS, keys could be read on the way: give --certificate, or name the addresses "
                "of the proxy that speaks TLS with --trusted-proxy"
            )
    if mode is GatewayMode.LOCAL or not tls:
        return (ListenAddress(host, port),)
    return ListenAddress(LOOPBACK, 0), ListenAddress(host, port, tls=True)


def is_loopback(host: str) -> bool:
    """Return whether only this computer reaches the address."""
    with suppress(ValueError):
        return _unmapped_address(host).is_loopback
    return host == "localhost"


def is_near(peer: str, own: str) -> bool:
    """Return whether a peer that reached the address ``own`` is in its network; home routers ensure this for IPv4.

    For IPv6: a unique local or link-local peer, or one with the same first 64 bits. ``is_private`` would take
    others, such as Teredo.
    """
    found, at = _unmapped_address(peer.partition("%")[0]), _unmapped_address(own.partition("%")[0])
    if found.version == 4 or found.is_loopback or found.is_link_local or found in _UNIQUE_LOCAL:
        return True
    return int(found) >> _HOST_BITS == int(at) >> _HOST_BITS


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Parse addresses and networks (10.0.0.0/8). Raises ``InvalidSettings``."""
    try:
        return tuple(ipaddress.ip_network(text.strip()) for text in texts)
    except ValueError as error:
        raise InvalidSettings(f"{error}: give addresses like 10.0.0.7 or networks like 10.0.0.0/24") from error


def page_origins(texts: Iterable[str]) -> frozenset[str]:
    """Return origins as browsers send them. Raises ``InvalidSettings`` for texts that no browser sends."""
    found = frozenset(texts)
    if wrong := sorted(text for text in found if not _ORIGIN.fullmatch(text)):
        raise InvalidSettings(
            f"no page has the origin {wrong[0]!r}: write it in small letters and without a path, as https://HOST"
        )
    return found


def is_among(address: str, among: Iterable[Network]) -> bool:
    """Return whether an address lies in one of these networks; malformed addresses do not."""
    with suppress(ValueError):
        peer = _unmapped_address(address)
        return any(peer in network for network in among)
    return False


def _unmapped_address(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address, with IPv4 addresses in IPv6 notation (::ffff:10.0.0.7) as IPv4."""
    found = ipaddress.ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
