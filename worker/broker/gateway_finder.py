"""Search for a gateway whose address changed, by mDNS. Announcements are not authenticated.

The certificate identifies the gateway; a server with another certificate at that address is not the gateway.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final

import psutil
from zeroconf import Error, InterfaceChoice, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from protocol.discovery import SERVICE, decode_text
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.WORKER_FINDING

PATIENCE_S: Final = 5.0
_RESOLVE_MS: Final = 2_000
_MOST: Final = 256
_Names = asyncio.Queue[tuple[Zeroconf, str]]


async def find_gateway(
    certificate_sha256: bytes,
    patience_s: float = PATIENCE_S,
    interfaces: Any = InterfaceChoice.All,
) -> tuple[str, ...]:
    """Return addresses as HOST:PORT, IPv4 first; empty if no announcement came or the network is unusable."""
    try:
        # the timeout is inside, so that it does not interrupt the end of listening
        async with _listen_for_names(interfaces) as names, asyncio.timeout(patience_s):
            while True:
                zeroconf, name = await names.get()
                info = AsyncServiceInfo(SERVICE, name)
                known = await info.async_request(zeroconf, _RESOLVE_MS)
                if known and (places := _places(info, certificate_sha256)):
                    return places
    except TimeoutError:
        pass
    except (OSError, Error) as error:
        log.warning(LogEvent.DISCOVERY_FAILED, reason=repr(error))
    return ()


@asynccontextmanager
async def _listen_for_names(interfaces: Any) -> AsyncIterator[_Names]:
    names: _Names = asyncio.Queue(_MOST)

    def changed(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is not ServiceStateChange.Removed and not names.full():  # a flood is noise
            names.put_nowait((zeroconf, name))

    async with AsyncExitStack() as stack:
        newer = _newer() if interfaces is InterfaceChoice.All else []
        for version, at in ((IPVersion.V4Only, interfaces), *([(IPVersion.V6Only, newer)] if newer else [])):
            try:
                listener = AsyncZeroconf(interfaces=at, ip_version=version)
            except (OSError, RuntimeError) as error:  # trouble with one version does not affect the other
                log.warning(LogEvent.DISCOVERY_FAILED, reason=repr(error))
                continue
            stack.push_async_callback(listener.async_close)
            browser = AsyncServiceBrowser(listener.zeroconf, [SERVICE], handlers=[changed])
            stack.push_async_callback(browser.async_cancel)
        yield names


def _newer() -> list[str]:
    """Return this computer's IPv6 addresses that are neither loopback nor link-local."""
    found = (one for several in psutil.net_if_addrs().values() for one in several if one.family == socket.AF_INET6)
    known = (ipaddress.ip_address(one.address.partition("%")[0]) for one in found)
    return [str(one) for one in known if not (one.is_loopback or one.is_link_local)]


def _places(info: AsyncServiceInfo, certificate_sha256: bytes) -> tuple[str, ...]:
    said = decode_text(info.properties)
    if said is None or bytes.fromhex(said.certificate_sha256) != certificate_sha256 or not info.port:
        return ()
    return tuple(f"{host}:{info.port}" for host in _hosts(info.parsed_addresses()))


def _hosts(addresses: list[str]) -> Iterator[str]:
    for text in addresses:
        with suppress(ValueError):
            address = ipaddress.ip_address(text.partition("%")[0])
            if address.version == 4:
                yield str(address)
            elif not address.is_link_local:
                yield f"[{address}]"
