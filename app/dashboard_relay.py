"""How a browser is told an address with a key in it, and nobody else is.

A key must not stand in the arguments of a program, where every user of the computer may read it. The browser is
given an address of this process instead, which leads on to the other one once, and for this user only.
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
"""Browsers ask twice. Whoever is accepted at the moment when a server closes is left hanging by Python 3.11."""
_CONNECTIONS: Final = Path("/proc/net/tcp")

End = tuple[str, int]


class Relay:
    """An address on this computer that leads on to ``target`` once, asked by a program of this user."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._path = f"/{secrets.token_urlsafe(24)}"
        self._done = asyncio.Event()
        self._over = False
        self._writers: set[asyncio.StreamWriter] = set()

    async def show(self, browse: Callable[[str], bool]) -> bool:
        """Have the browser come; whether it came before patience ended."""
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
            pass  # whoever came went away
        finally:
            self._writers.discard(writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _part(self) -> None:
        """Who came so late that nobody began to answer is parted from too."""
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
    """Whose connection this is, by the kernel's table of them: the user of the program at ``end``."""
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
    """Whether a program of this user asks, where that can be known."""
    try:
        table = _CONNECTIONS.read_text()
    except OSError:
        return True
    return owner_of(table, writer.get_extra_info("peername"), writer.get_extra_info("sockname")) == os.getuid()
