"""Pass an address that contains a key to the browser without exposing the key to other users.

Program arguments are visible to every user of the computer, so they must not contain the key. The browser opens an
address of this process instead, which redirects once, and only this user's browser.
"""

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiohttp import web

from runtime.tasks import is_set_within

_PATIENCE_S: Final = 30.0
_LINGER_S: Final = 0.3
"""Time for the browser to read the answer, and for a second request that some browsers send."""
_CONNECTIONS: Final = Path("/proc/net/tcp")

End = tuple[str, int]


class Relay:
    """Local web server that redirects one request of this user's browser to ``target``."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._done = asyncio.Event()

    async def show(self, browse: Callable[[str], bool]) -> bool:
        """Open the browser and return whether it followed the redirect in time."""
        app, path = web.Application(), f"/{secrets.token_urlsafe(24)}"
        app.router.add_get(path, self._redirect, allow_head=False)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_LINGER_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0]
            opened = await asyncio.to_thread(browse, f"http://{host}:{port}{path}")
            if opened and await is_set_within(self._done, _PATIENCE_S):
                await asyncio.sleep(_LINGER_S)
            return self._done.is_set()
        finally:
            await runner.cleanup()

    async def _redirect(self, request: web.Request) -> web.Response:
        if self._done.is_set() or not _is_ours(request.transport):
            raise web.HTTPNotFound
        self._done.set()
        headers = {"Location": self._target, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return web.Response(status=302, headers={**headers, "Connection": "close"})


def owner_of(table: str, end: End, other: End) -> int | None:
    """Return the user id that owns the socket at ``end``, from the kernel's table of TCP connections."""
    wanted = [_as_in_table(end), _as_in_table(other)]
    rows = (line.split() for line in table.splitlines())
    return next((int(fields[7]) for fields in rows if fields[1:3] == wanted), None)


def _as_in_table(end: End) -> str:
    address = int.from_bytes(socket.inet_aton(end[0]), sys.byteorder)
    return f"{address:08X}:{end[1]:04X}"


def _is_ours(connection: asyncio.BaseTransport | None) -> bool:
    """Return whether the client belongs to this user; true where the system cannot tell."""
    if connection is None:  # already closed
        return False
    try:
        table = _CONNECTIONS.read_text()
    except OSError:
        return True
    ends = connection.get_extra_info("peername"), connection.get_extra_info("sockname")
    return owner_of(table, *ends) == os.getuid()
