"""Discovery of shared gateways on the local network by mDNS.

    async with aclosing(discover()) as events:
        async for event in events:      # GatewayFound, GatewayGone

Announcements are not authenticated; pairing, or the certificate pinned by it, proves a gateway's identity. After a
change of this computer's networks every gateway is reported as gone, and found again if it is still there.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import psutil
from zeroconf import Error, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from protocol.devices import clean_name
from protocol.discovery import SERVICE, decode_text
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.CLIENT_DISCOVERY

LOOK_S: Final = 5.0
MOST: Final = 64
_RESOLVE_MS: Final = 3_000
_MOST_CHANGES: Final = 256


@dataclass(frozen=True)
class GatewayFound:
    """Discovered gateway, or its new state after a change. ``urls`` are its possible addresses, IPv4 first."""

    service: str
    name: str
    urls: tuple[str, ...]
    certificate_sha256: str
    version: str


@dataclass(frozen=True)
class GatewayGone:
    """Gateway that said goodbye, or whose announcement expired."""

    service: str


DiscoveryEvent = GatewayFound | GatewayGone
_Change = tuple[Zeroconf, str, ServiceStateChange]
_Changes = asyncio.Queue[_Change]


class KnownGateways:
    """The announced gateways, each with the listeners (one for each version of IP) that hear it."""

    def __init__(self) -> None:
        self._found: dict[str, GatewayFound] = {}
        self._heard: dict[str, set[object]] = {}

    def services(self) -> tuple[str, ...]:
        """Return the services of all gateways."""
        return tuple(self._found)

    def has_room(self, service: str) -> bool:
        """Return whether a gateway is known, or there is room for it."""
        return service in self._found or len(self._found) < MOST

    def put(self, listener: object, found: GatewayFound) -> bool:
        """Record an announcement that a listener heard; return whether it is new."""
        self._heard.setdefault(found.service, set()).add(listener)
        before = self._found.get(found.service)
        self._found[found.service] = found
        return found != before

    def lose(self, listener: object, service: str) -> bool:
        """Record that a listener lost a gateway; return whether no listener hears the gateway any more."""
        heard = self._heard.get(service, set())
        heard.discard(listener)
        if heard or self._found.pop(service, None) is None:
            return False
        del self._heard[service]
        return True


def own_addresses() -> tuple[str, ...]:
    """Return the current addresses of this computer's networks, including loopback of IPv4. IPv4 comes first."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found = [one for name, several in psutil.net_if_addrs().items() if name in up for one in several]
    older = sorted(one.address for one in found if one.family == socket.AF_INET)
    newer = sorted(one.address for one in found if one.family == socket.AF_INET6)
    return *older, *filter(_leads_out, newer)


def _leads_out(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    return not (known.is_loopback or known.is_link_local)


async def discover(
    addresses: Callable[[], tuple[str, ...]] = own_addresses, look_s: float = LOOK_S
) -> AsyncGenerator[DiscoveryEvent, None]:
    """Yield gateways that appear and disappear, until closed. Beyond ``MOST`` known ones, new ones are ignored."""
    while True:
        known = KnownGateways()
        try:
            at = addresses()
            async with _listening(at) as changes:
                while addresses() == at:
                    event = await _next(changes, known, look_s)
                    if event is not None:
                        yield event
        except (OSError, Error) as error:
            log.warning(LogEvent.DISCOVERY_FAILED, reason=repr(error))
            await asyncio.sleep(look_s)
        for service in known.services():
            yield GatewayGone(service)


@asynccontextmanager
async def _listening(at: tuple[str, ...]) -> AsyncIterator[_Changes]:
    """Listen on each version of IP separately, so that trouble with IPv6 does not affect IPv4."""
    changes: _Changes = asyncio.Queue(_MOST_CHANGES)

    def changed(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if not changes.full():  # a flood of changes is noise: drop the rest
            changes.put_nowait((zeroconf, name, state_change))

    newer = [address for address in at if ":" in address]
    async with AsyncExitStack() as stack:
        older = AsyncZeroconf(interfaces=[each for each in at if each not in newer], ip_version=IPVersion.V4Only)
        _browse(stack, older, changed)
        if newer:
            try:
                _browse(stack, AsyncZeroconf(interfaces=newer, ip_version=IPVersion.V6Only), changed)
            except (OSError, RuntimeError, Error) as error:
                log.warning(LogEvent.DISCOVERY_FAILED, reason=repr(error))
        yield changes


def _browse(stack: AsyncExitStack, listener: AsyncZeroconf, changed: Callable[..., None]) -> None:
    stack.push_async_callback(listener.async_close)
    browser = AsyncServiceBrowser(listener.zeroconf, [SERVICE], handlers=[changed])
    stack.push_async_callback(browser.async_cancel)


async def _next(changes: _Changes, known: KnownGateways, patience_s: float) -> DiscoveryEvent | None:
    try:
        async with asyncio.timeout(patience_s):
            zeroconf, service, change = await changes.get()
    except TimeoutError:
        return None
    if change is ServiceStateChange.Removed:
        return GatewayGone(service) if known.lose(zeroconf, service) else None
    if not known.has_room(service):
        return None
    info = AsyncServiceInfo(SERVICE, service)
    found = _parse_announcement(info) if await info.async_request(zeroconf, _RESOLVE_MS) else None
    return found if found is not None and known.put(zeroconf, found) else None


def _parse_announcement(info: AsyncServiceInfo) -> GatewayFound | None:
    said, port = decode_text(info.properties), info.port
    urls = tuple(_urls(info.parsed_addresses(), port)) if port else ()
    if said is None or not urls:
        return None
    name = clean_name(info.name.removesuffix("." + SERVICE))
    return GatewayFound(info.name, name, urls, said.certificate_sha256, said.version)


def _urls(addresses: list[str], port: int) -> Iterator[str]:
    for text in addresses:
        with suppress(ValueError):
            address = ipaddress.ip_address(text.partition("%")[0])
            if address.version == 4:
                yield f"https://{address}:{port}"
            elif not address.is_link_local:
                yield f"https://[{address}]:{port}"
