"""A server over standard input and output that a signal ends."""

import os
import sys
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final, cast

from anyio import AsyncFile
from mcp.server.mcpserver import MCPServer
from mcp.server.stdio import stdio_server

from app.core.daemon_thread import aside

_LONGEST_LINE: Final = 4 * 1024 * 1024


class StandardStreamsServer(MCPServer[Any]):
    """Server over standard input and output.

    The library reads in a thread for which the end of the process would wait; this one leaves it behind.
    """

    async def run_stdio_async(self) -> None:
        """Serve until standard input ends."""
        low, lines = self._lowlevel_server, _lines(os.dup(sys.stdin.fileno()))
        async with stdio_server(stdin=cast(AsyncFile[str], lines)) as (read, write):
            await low.run(read, write, low.create_initialization_options())


async def _lines(descriptor: int) -> AsyncIterator[str]:
    """Yield the lines; one that is too long comes in parts, which are no messages."""
    stream = os.fdopen(descriptor, "rb")
    while line := await aside(partial(stream.readline, _LONGEST_LINE), "mcp/stdin"):
        yield line.decode("utf-8", "replace")
