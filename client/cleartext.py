"""Detection of addresses that would send the key and speech over a network without TLS, or have no host. Pure."""

import ipaddress
from typing import Final

_OVER_TLS: Final = ("https", "wss")


def has_host(url: str) -> bool:
    """Return whether a URL can be an address: it has a scheme and a host, and its port can exist."""
    from yarl import URL  # late: settings are read before anything is requested

    try:
        return bool(URL(url).host)
    except ValueError:
        return False


def is_cleartext(url: str) -> bool:
    """Return whether requests to this URL leave this computer without TLS. Invalid URLs do not."""
    from yarl import URL  # late: settings are read before anything is requested

    try:
        place = URL(url)  # parsed as aiohttp does: another parser could see another host
    except ValueError:
        return False
    return bool(place.host) and place.scheme not in _OVER_TLS and not _is_loopback(place.host or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
