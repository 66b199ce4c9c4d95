"""A client over TLS that leaves no connection to the loop of its test."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from ssl import SSLContext

import aiohttp

from tests.helpers.waiting import wait_until

_Address = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]


@asynccontextmanager
async def tls_client(
    url: str | None = None, trust: SSLContext | bool = True
) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client; afterwards wait until the loop has closed each of its sockets.

    A client closes its idle connections by itself. Others, such as that of a WebSocket or of an unread response,
    end only once the peer answers the end of TLS, so this shuts their sockets down.
    """
    sockets: list[socket.socket] = []

    def make(address: _Address) -> socket.socket:
        family, kind, protocol, *_ = address
        sockets.append(socket.socket(family, kind, protocol))
        return sockets[-1]

    connector = aiohttp.TCPConnector(ssl=trust, socket_factory=make)
    async with aiohttp.ClientSession(url, connector=connector) as client:
        yield client
    for one in sockets:
        with suppress(OSError):  # closed, or not connected
            one.shutdown(socket.SHUT_RDWR)
    await wait_until(lambda: all(one.fileno() < 0 for one in sockets), "the loop has closed all connections")
