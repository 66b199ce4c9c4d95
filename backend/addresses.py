"""Where other devices may reach this computer: the addresses of its networks, at this moment."""

import ipaddress
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import psutil

from backend.modes import is_loopback


class Interface(NamedTuple):
    """One network: its name, and this computer's addresses there."""

    name: str
    addresses: tuple[str, ...]


def interfaces() -> tuple[Interface, ...]:
    """Those that are up. Cheap enough to be asked every few seconds."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    return tuple(
        Interface(name, tuple(one.address for one in found if one.family in (socket.AF_INET, socket.AF_INET6)))
        for name, found in psutil.net_if_addrs().items()
        if name in up
    )


def reachable(host: str, found: Sequence[Interface]) -> tuple[str, ...]:
    """Addresses at which something that listens on ``host`` may be reached from elsewhere, IPv4 first. Pure."""
    with suppress(ValueError):
        listens = ipaddress.ip_address(host)
        if not listens.is_unspecified:
            return () if is_loopback(host) else (host,)
        usable = {one for one in _usable(found) if one.version == listens.version}
        return tuple(str(one) for one in sorted(usable, key=lambda one: (not one.is_private, int(one))))
    return () if is_loopback(host) else (host,)


def _usable(found: Sequence[Interface]) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    for interface in found:
        for text in interface.addresses:
            with suppress(ValueError):
                address = ipaddress.ip_address(text.partition("%")[0])
                if not (address.is_loopback or address.is_link_local or address.is_unspecified):
                    yield address
