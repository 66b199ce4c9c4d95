"""Monitor client: the state of a gateway as typed events (``GET /v1/monitor``).

    async with aclosing(watch(locate)) as events:
        async for event in events:      # Snapshot, Recent, Lost

Events are not buffered here: if the caller does not read, the gateway drops the oldest events.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import aiohttp

from client.backoff import backoff
from client.connection import Address, Locate, convert_errors, credentials, refusal, ssl_argument
from client.errors import Refused, Unreachable
from client.event_stream import EventStream
from protocol.errors import MalformedMessage
from protocol.monitor import EVENT_STREAM, MONITOR_PATH, Recent, Snapshot, decode_event
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import loop_time

log = loggers.CLIENT_MONITOR

_STEADY_S: Final = 10.0  # a connection that lasts this long resets the backoff


@dataclass(frozen=True)
class WatchSettings:
    """Deadlines of a monitor. ``quiet_s``: a gateway sends every second; after this silence it counts as lost."""

    connect_s: float = 10.0
    quiet_s: float = 15.0
    retry: Callable[[int, float, float], float] = backoff


@dataclass(frozen=True)
class Lost:
    """Gateway that does not answer, or no longer answers; the next attempt is in ``retry_in_s``."""

    reason: str
    retry_in_s: float


MonitorEvent = Snapshot | Recent | Lost


async def watch(locate: Locate, settings: WatchSettings | None = None) -> AsyncGenerator[MonitorEvent, None]:
    """Yield a gateway's monitor events, reconnecting as needed; each ``Lost`` is followed by a ``Snapshot``.

    ``locate`` is called before each connection. Raises ``Refused`` if a retry is useless.
    """
    settings = settings or WatchSettings()
    failures = 0
    async with aiohttp.ClientSession() as http:
        while True:
            started = loop_time()
            try:
                async with aclosing(_connection(http, locate(), settings)) as events:
                    async for event in events:
                        yield event
                lost = Unreachable("the gateway ended the feed: it is going away")
            except Unreachable as error:
                lost = error
            failures = 1 if loop_time() - started >= _STEADY_S else failures + 1
            pause = settings.retry(failures, random.random(), lost.retry_after_s)
            log.info(LogEvent.MONITOR_LOST, reason=str(lost), retry_in_s=round(pause, 2))
            yield Lost(str(lost), pause)
            await asyncio.sleep(pause)


async def _connection(
    http: aiohttp.ClientSession, address: Address, settings: WatchSettings
) -> AsyncGenerator[Snapshot | Recent, None]:
    """Yield the events of one connection until it ends. Raises ``Unreachable`` or ``Refused``."""
    url = address.url.rstrip("/") + MONITOR_PATH
    timeout = aiohttp.ClientTimeout(None, connect=settings.connect_s, sock_read=settings.quiet_s)
    stream = EventStream()
    with convert_errors("watch"):
        request = http.get(
            url, headers=credentials(address), ssl=ssl_argument(address), timeout=timeout, allow_redirects=False
        )
        async with request as response:
            if response.status != HTTPStatus.OK or response.content_type != EVENT_STREAM:
                raise refusal(address, MONITOR_PATH, response.status, response.headers)
            async for piece in response.content.iter_any():
                for event in _events(stream, piece, address):
                    yield event


def _events(stream: EventStream, piece: bytes, address: Address) -> Iterator[Snapshot | Recent]:
    try:
        for name, data in stream.feed(piece):
            if (event := decode_event(name, data)) is not None:
                yield event
    except MalformedMessage as error:
        raise Refused(
            f"{address.url} shows what this version cannot read: {error}. Update one of the two"
        ) from error
