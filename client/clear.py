"""Whether others can read what is said to an address: a key and speech pass a network only over TLS. Pure."""

import ipaddress
from typing import Final

from yarl import URL

_OVER_TLS: Final = ("https", "wss")


def in_the_clear(url: str) -> bool:
    """Whether it leaves this computer without TLS. What is no address at all does not: nobody connects there."""
    try:
        place = URL(url)  # as aiohttp reads it: another reading could end at another host
    except ValueError:
        return False
    return bool(place.host) and place.scheme not in _OVER_TLS and not _is_loopback(place.host or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
