"""The gateways as they are shown. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from app.gateways.places import shown
from app.gateways.store import Paired
from app.gateways.view import Answer, FoundView, GatewayView
from app.settings.sections import Gateway
from client.discovery import Found


def listed(paired: Iterable[Paired], chosen: Gateway, answers: Mapping[str, Answer]) -> Iterator[GatewayView]:
    """All that may be chosen: those that are paired, and the one that the settings name by its address."""
    for one in paired:
        answer = answers.get(one.id, Answer())
        yield GatewayView(one.id, one.called, shown(one.urls[0]), one.id == chosen.chosen, answer)
    if chosen.url:
        used = not chosen.chosen
        yield GatewayView("", chosen.url, shown(chosen.url), used, answers.get("", Answer()) if used else Answer())


def strangers(
    found: Iterable[Found], paired: Sequence[Paired], own_addresses: Sequence[str]
) -> Iterator[FoundView]:
    """Those that this computer could be paired with; its own is none of them."""
    known = {one.certificate_sha256 for one in paired}
    for one in sorted(found, key=lambda found: (found.name.casefold(), found.service)):
        hosts = {urlsplit(url).hostname for url in one.urls}
        if one.certificate_sha256 not in known and not hosts & set(own_addresses):
            yield FoundView(one.name, one.urls, one.certificate_sha256)
