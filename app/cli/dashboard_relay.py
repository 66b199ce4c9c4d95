"""Pass an address that contains a key to the browser without exposing the key to other users.

Program arguments are visible to every user of the computer, so they must not contain the key. The browser
receives an address of this process instead, which redirects once, and only for this user.
"""

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from runtime.tasks import Tasks

_PATIENCE_S: Final = 30.0
_REQUEST_S: Final = 5.0
_LINGER_S: Final = 0.3
"""Browsers send two requests. Python 3.11 leaves a connection hanging that it accepts while a server closes."""
_CONNECTIONS: Final = Path("/proc/net/tcp")

End = tuple[str, int]


class Relay:
    """Local web server that redirects one request of this user's browser to ``target``."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._path = f"/{secrets.token_urlsafe(24)}"
        self._done = asyncio.Event()
        self._over = False
        self._writers: set[asyncio.StreamWriter] = set()

    async def show(self, browse: Callable[[str], bool]) -> bool:
        """Open the browser and return whether it followed the redirect in time."""
        try:
            async with Tasks("relay") as tasks, await self._server(tasks) as server:
                host, port = server.sockets[0].getsockname()
                if not await asyncio.to_thread(browse, f"http://{host}:{port}{self._path}"):
                    return False
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._done.wait(), _PATIENCE_S)
                    await asyncio.sleep(_LINGER_S)
            return self._done.is_set()
        finally:
            await self._part()

    async def _server(self, tasks: Tasks) -> asyncio.Server:
        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self._over:
                writer.transport.abort()
            else:
                self._writers.add(writer)
                tasks.start(self._answer(reader, writer), "visitor")

        return await asyncio.start_server(connected, "127.0.0.1", 0)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_S):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._response(request, writer))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client disconnected
        finally:
            self._writers.discard(writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _part(self) -> None:
        """Abort connections that arrived too late to be answered."""
        self._over = True
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    def _response(self, request: bytes, writer: asyncio.StreamWriter) -> bytes:
        wanted = request.split(b" ", 2)[:2] == [b"GET", self._path.encode()]
        if not wanted or self._done.is_set() or not _is_ours(writer):
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        self._done.set()
        lines = ("HTTP/1.1 302 Found", f"Location: {self._target}", "Cache-Control: no-store")
        more = ("Referrer-Policy: no-referrer", "Content-Length: 0", "Connection: close")
        return "\r\n".join((*lines, *more, "", "")).encode("ascii")


def owner_of(table: str, end: End, other: End) -> int | None:
    """Return the user id of the program at ``end`` of a connection, from the kernel's table of connections."""
    wanted = [_as_in_table(end), _as_in_table(other)]
    for line in table.splitlines():
        fields = line.split()
        if fields[1:3] == wanted:
            return int(fields[7])
    return None


def _as_in_table(end: End) -> str:
    address = int.from_bytes(socket.inet_aton(end[0]), sys.byteorder)
    return f"{address:08X}:{end[1]:04X}"


def _is_ours(writer: asyncio.StreamWriter) -> bool:
    """Return whether a program of this user connected, or true where that cannot be known."""
    try:
        table = _CONNECTIONS.read_text()
    except OSError:
        return True
    return owner_of(table, writer.get_extra_info("peername"), writer.get_extra_info("sockname")) == os.getuid()
