"""A bare connection to the broker with one account: the broker's end of a tunnel."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from backend.core.errors import BrokerFailed, BrokerUnreachable
from backend.workers.accounts import Account

CONNECT_S: Final = 5.0
_PORT: Final = 6379


Dial = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
"""Connects to the node that is primary now. Raises ``OSError``."""


class BrokerAddress(NamedTuple):
    """Location of a broker. ``path``: of a unix socket, or empty. ``dial``: instead of all others."""

    path: str
    host: str = ""
    port: int = _PORT
    tls: bool = False
    database: int = 0
    dial: Dial | None = None


def place_of(url: str) -> BrokerAddress:
    """Parse a server's address as redis-py does; user and password come from the account instead."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return BrokerAddress(unquote(parts.path))
    name = parts.path.strip("/")
    database = int(name) if name.isdigit() else 0
    return BrokerAddress(
        "", parts.hostname or "localhost", parts.port or _PORT, parts.scheme == "rediss", database
    )


class BrokerConnection(NamedTuple):
    """Connection to the broker. ``id``: the broker's id of this client."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    id: int


@asynccontextmanager
async def upstream(place: BrokerAddress, account: Account) -> AsyncIterator[BrokerConnection]:
    """Yield a connection authenticated as ``account``. Raises a ``BrokerError``."""
    writer: asyncio.StreamWriter | None = None
    try:
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await _open(place)
                await _say(reader, writer, "AUTH", *account)
                if place.database:
                    await _say(reader, writer, "SELECT", str(place.database))
                id = int(await _say(reader, writer, "CLIENT", "ID", wanted=b":"))
        except (OSError, TimeoutError) as error:
            raise BrokerUnreachable(f"the broker does not answer: {error}") from error
        yield BrokerConnection(reader, writer, id)
    finally:
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def _open(place: BrokerAddress) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if place.dial is not None:
        return await place.dial()
    if place.path:
        return await asyncio.open_unix_connection(place.path)
    tls = ssl.create_default_context() if place.tls else None
    return await asyncio.open_connection(place.host, place.port, ssl=tls)


async def _say(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *words: str, wanted: bytes = b"+OK"
) -> bytes:
    """Send a command; return the rest of the reply after its ``wanted`` prefix."""
    parts = [word.encode() for word in words]
    writer.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
    await writer.drain()
    answer = await reader.readline()
    if not answer.startswith(wanted):
        raise BrokerFailed(f"the broker refuses the account of a worker: {answer[:80]!r}")
    return answer[len(wanted) :]
