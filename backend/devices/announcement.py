"""Announcement of a shared gateway on the local network (mDNS), at its current addresses.

When the computer's addresses change, the announcement is withdrawn and repeated. Network errors never stop a
gateway; the announcement is retried.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from secrets import token_hex
from typing import Final, NamedTuple

from zeroconf import Error, IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from protocol.discovery import SERVICE, Announcement, encode_text, service_name
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, is_set_within

log = loggers.BACKEND_ANNOUNCING

LOOK_S: Final = 5.0
_GOODBYE_S: Final = 3.0


class Announced(NamedTuple):
    """Name of the gateway for people, the port of a service, and the content of its record.

    The services of other protocols have an empty record.
    """

    name: str
    port: int
    said: Announcement = Announcement("")
    service: str = SERVICE


@asynccontextmanager
async def announcing(
    announced: Announced, addresses: Callable[[], tuple[str, ...]], look_s: float = LOOK_S
) -> AsyncIterator[None]:
    """Announce in the background and withdraw at the end; ``addresses`` is called every ``look_s``."""
    stopped = asyncio.Event()
    async with Tasks("announcing") as tasks:
        speaking = tasks.keep(partial(_speak, announced, addresses, look_s, stopped), "mdns")
        try:
            yield
        finally:
            stopped.set()
            await asyncio.wait({speaking}, timeout=_GOODBYE_S)


async def _speak(
    announced: Announced, addresses: Callable[[], tuple[str, ...]], look_s: float, stopped: asyncio.Event
) -> None:
    while not stopped.is_set():
        try:
            if at := addresses():
                async with _announce_at(announced, at):
                    while not stopped.is_set() and addresses() == at:
                        await is_set_within(stopped, look_s)
                continue
        except (OSError, Error) as error:
            log.warning(LogEvent.GATEWAY_ANNOUNCEMENT_FAILED, reason=repr(error))
        await is_set_within(stopped, look_s)


def _speaker(at: tuple[str, ...]) -> AsyncZeroconf:
    """Return a responder on these addresses; if that fails, only on the IPv4 ones. Raises ``OSError``."""
    older = [address for address in at if ":" not in address]
    if len(older) == len(at):
        return AsyncZeroconf(interfaces=older, ip_version=IPVersion.V4Only)
    try:
        return AsyncZeroconf(interfaces=list(at), ip_version=IPVersion.All)
    except (OSError, RuntimeError, Error) as error:
        if not older:
            raise OSError(str(error)) from error
        log.warning(LogEvent.GATEWAY_ANNOUNCEMENT_FAILED, reason=repr(error))
        return AsyncZeroconf(interfaces=older, ip_version=IPVersion.V4Only)


@asynccontextmanager
async def _announce_at(announced: Announced, at: tuple[str, ...]) -> AsyncIterator[None]:
    said, certificate = announced.said, announced.said.certificate_sha256
    info = ServiceInfo(
        announced.service,
        service_name(announced.name, announced.service),
        port=announced.port,
        parsed_addresses=list(at),
        properties=encode_text(said) if certificate else {},
        # A host name of our own: the computer's name belongs to its system-wide mDNS responder.
        server=f"kikipounamu-{certificate[:12] or token_hex(6)}.local.",
    )
    speaker = _speaker(at)
    try:
        await (await speaker.async_register_service(info, allow_name_change=True))
        log.info(LogEvent.GATEWAY_ANNOUNCED, name=info.name, addresses=at)
        yield
    finally:
        try:
            with suppress(OSError, Error):
                await speaker.async_unregister_all_services()
        finally:
            await speaker.async_close()
