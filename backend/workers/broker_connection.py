"""A bare connection to the broker with one account: the broker's end of a tunnel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, NamedTuple

from backend.core.errors import BrokerFailed, BrokerUnreachable
from backend.workers.accounts import Account
from runtime.broker_connection import Dial

CONNECT_S: Final = 5.0


class BrokerConnection(NamedTuple):
    """Connection to the broker. ``id``: the broker's id of this client."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    id: int


@asynccontextmanager
async def upstream(dial: Dial, account: Account, database: int = 0) -> AsyncIterator[BrokerConnection]:
    """Yield a connection that ``dial`` opens, authenticated as ``account``. Raises a ``BrokerError``."""
    writer: asyncio.StreamWriter | None = None
    try:
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await dial()
                await _say(reader, writer, "AUTH", *account)
                if database:
                    await _say(reader, writer, "SELECT", str(database))
                id = int(await _say(reader, writer, "CLIENT", "ID", wanted=b":"))
        except (OSError, TimeoutError) as error:
            raise BrokerUnreachable(f"the broker does not answer: {error}") from error
        yield BrokerConnection(reader, writer, id)
    finally:
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


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
