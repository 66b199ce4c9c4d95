"""Addresses on which a gateway listens, and at which other devices may reach this computer now."""

import ipaddress
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from backend.core.errors import InvalidSettings
from backend.http.modes import EVERYWHERE, GatewayMode, ListenAddress, is_loopback, listeners
from backend.http.settings import HttpSettings

_DEVICES: Final = Path("/sys/class/net")
_UNSPECIFIED: Final = {"0.0.0.0": (4,), "::": (6,), EVERYWHERE: (4, 6)}
"""Hosts that stand for all addresses, with their versions of IP."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NetworkInterface(NamedTuple):
    """A network interface with its addresses. ``inner``: the network ends within this computer."""

    name: str
    addresses: tuple[str, ...]
    inner: bool = False


def interfaces() -> tuple[NetworkInterface, ...]:
    """Return the interfaces that are up. Cheap enough to call every few seconds."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    return tuple(
        NetworkInterface(
            name,
            tuple(one.address for one in found if one.family in (socket.AF_INET, socket.AF_INET6)),
            is_inner(name),
        )
        for name, found in psutil.net_if_addrs().items()
        if name in up
    )


def is_inner(name: str, devices: Path = _DEVICES) -> bool:
    """Return whether an interface is a bridge without hardware, as for containers. Known only on Linux (sysfs)."""
    return (devices / name / "bridge").is_dir() and not _has_hardware(devices / name)


def _has_hardware(device: Path) -> bool:
    """Return whether a device, or any below it, is hardware.

    On many hosts of virtual machines, the bridge leads to the real network.
    """
    return (device / "device").exists() or any(_has_hardware(lower) for lower in device.glob("lower_*"))


def reachable(host: str, found: Sequence[NetworkInterface]) -> tuple[str, ...]:
    """Return addresses at which other devices may reach a listener on ``host``, the likeliest first. Pure.

    Bridges of containers and virtual machines come last: they have the same addresses on many computers.
    """
    versions = _UNSPECIFIED.get(host)
    if versions is None:
        return () if is_loopback(host) else (host,)
    inner = {one: inner for one, inner in _usable(found) if one.version in versions}
    likeliest = sorted(inner, key=lambda one: (inner[one], one.version, not one.is_private, int(one)))
    return tuple(str(one) for one in likeliest)


def _usable(found: Sequence[NetworkInterface]) -> Iterator[tuple[_Address, bool]]:
    for interface in found:
        for text in interface.addresses:
            with suppress(ValueError):
                address = ipaddress.ip_address(text.partition("%")[0])
                if not (address.is_loopback or address.is_link_local or address.is_unspecified):
                    yield address, interface.inner


def listen_addresses(settings: HttpSettings) -> tuple[ListenAddress, ...]:
    """Return the addresses on which a gateway listens. Raises ``InvalidSettings``."""
    if not (settings.key or settings.mode is GatewayMode.LOCAL):
        raise InvalidSettings("a gateway for other computers needs a key")
    tls = settings.certificate is not None
    return listeners(settings.mode, settings.host, settings.port, tls, settings.proxies)


def local_url(host: str, port: int) -> str:
    """Return the URL at which this computer's own clients reach a listening address."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
