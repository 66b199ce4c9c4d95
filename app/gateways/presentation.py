"""The lists of gateways for display. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_network
from urllib.parse import urlsplit

from app.gateways.pairing_address import url_text
from app.gateways.store import PairedGateway
from app.gateways.view import FoundView, GatewayView, QueryResult
from app.settings.sections import GatewaySection
from client.discovery import GatewayFound


def gateway_views(
    paired: Iterable[PairedGateway], chosen: GatewaySection, answers: Mapping[str, QueryResult]
) -> Iterator[GatewayView]:
    """Yield the gateways to choose from: the paired ones, and the one that the settings name by URL."""
    for one in paired:
        answer = answers.get(one.id, QueryResult())
        yield GatewayView(one.id, one.display_name, url_text(one.urls[0]), one.id == chosen.chosen, answer)
    if chosen.url:
        used = not chosen.chosen
        yield GatewayView(
            "", chosen.url, url_text(chosen.url), used, answers.get("", QueryResult()) if used else QueryResult()
        )


def unpaired_views(
    found: Iterable[GatewayFound],
    paired: Sequence[PairedGateway],
    own_addresses: Sequence[str],
    own_certificate: str = "",
) -> Iterator[FoundView]:
    """Yield the found gateways that this computer could be paired with, except its own."""
    known = {own_certificate, *(one.certificate_sha256 for one in paired)}
    for one in sorted(found, key=lambda found: (found.name.casefold(), found.service)):
        if one.certificate_sha256 not in known and (urls := elsewhere(one.urls, own_addresses)):
            yield FoundView(one.name, urls, one.certificate_sha256)


def elsewhere(urls: Iterable[str], own_addresses: Sequence[str]) -> tuple[str, ...]:
    """Return the URLs on other computers; those in a network of this computer come first.

    An address that this computer has too would lead to itself: container bridges share addresses on many
    computers.
    """
    near = {_network(own) for own in own_addresses}
    others = [url for url in urls if urlsplit(url).hostname not in own_addresses]
    return tuple(sorted(others, key=lambda url: _network(urlsplit(url).hostname or "") not in near))


def _network(address: str) -> str:
    """Return the /24 network of an IPv4 address, or the /64 network of an IPv6 address, as in most homes."""
    with suppress(ValueError):
        bits = 64 if ":" in address else 24
        return str(ip_network((address, bits), strict=False))
    return address
