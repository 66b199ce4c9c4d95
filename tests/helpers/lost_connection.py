"""A connection whose other end has reset it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def lost_writer() -> AsyncIterator[asyncio.StreamWriter]:
    """Yield the writer of a TCP connection that was lost a moment ago."""
    server = await asyncio.start_server(lambda reader, writer: writer.transport.abort(), "127.0.0.1", 0)
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.transport.abort()
        await asyncio.sleep(0)
        yield writer
