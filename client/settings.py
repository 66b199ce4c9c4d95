"""Deadlines and bounds of a client, and how it opens its connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from client.backoff import backoff
from client.connection import Address, Connect, Connection, connect
from runtime.tls import no_redirects


async def wait_forever(address: Address) -> None:
    """Wait forever: the ``until_moved`` of a gateway that never moves."""
    await asyncio.get_running_loop().create_future()


def open_session() -> aiohttp.ClientSession:
    """Open an HTTP session whose WebSockets follow no redirect."""
    return aiohttp.ClientSession(trace_configs=[no_redirects()])


@asynccontextmanager
async def by_websocket(settings: "ClientSettings") -> AsyncIterator[Connect]:
    """Yield a function that opens WebSocket connections, all with one HTTP session."""
    async with settings.http() as http:

        def open_connection(address: Address, resume: bool) -> Coroutine[Any, Any, Connection]:
            return connect(http, address, settings.connect_s, settings.heartbeat_s, resume=resume)

        yield open_connection


@dataclass(frozen=True)
class ClientSettings:
    """Deadlines and bounds of a client.

    ``first_contact_s``, ``give_up_s``: longest outage at first, and after a lost connection. ``failing_s``:
    longest time in which the gateway fails each time, without a result. ``quiet_s``: longest silence about sent
    audio; longest time to store a result. ``owed_s``: longest silence of a gateway about results that it has.
    ``last_words_s``: longest silence once all is stored.
    ``held_s``: audio without a result at which ``audio`` waits. ``pause``: waits before a retry. ``http``: makes
    the HTTP session. ``connecting``: makes a function that opens connections. ``name``: the program's name, sent
    to the gateway. ``elsewhere``: whether to ask ``locate`` again after a refused key or certificate.
    ``until_moved``: returns when ``locate`` has a better address than this one.
    """

    connect_s: float = 10.0
    send_s: float = 20.0
    heartbeat_s: float = 20.0
    first_contact_s: float = 5.0
    give_up_s: float = 120.0
    failing_s: float = 120.0
    quiet_s: float = 300.0
    owed_s: float = 30.0
    last_words_s: float = 5.0
    held_s: float = 600.0
    most_events: int = 1_000
    retry: Callable[[int, float, float], float] = backoff
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    elsewhere: Callable[[], bool] = lambda: False
    http: Callable[[], aiohttp.ClientSession] = open_session
    connecting: "Callable[[ClientSettings], AbstractAsyncContextManager[Connect]]" = by_websocket
    name: str = "kikipounamu"
    until_moved: Callable[[Address], Coroutine[Any, Any, None]] = wait_forever
