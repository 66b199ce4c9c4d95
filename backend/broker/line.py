"""A connection to the broker that handles each reply in the iteration of the event loop in which it arrives.

redis-py reads replies in a task, through a stream: that costs as much as everything else that a gateway does with
them. It still connects, authenticates and closes; in between, this module writes and reads the connection.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from hiredis import Reader, pack_command
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse

from runtime.tasks import is_set_within

_INCOMPLETE: Final = object()

Hear = Callable[[Any], None]
"""Takes a reply; an error reply is an exception as value. An exception that it raises ends the connection."""


class Line(asyncio.Protocol):
    """An open connection. ``hear`` gets all replies; without it ``ask`` returns them. Use ``open_line``."""

    def __init__(self, transport: asyncio.WriteTransport, replies: Reader, hear: Hear | None = None) -> None:
        self._transport = transport
        self._before = transport.get_protocol()
        self._replies = replies
        self._hear = hear or self._collect
        self._asked: asyncio.Future[list[Any]] | None = None
        self._collected: list[Any] | None = None
        self._wanted = 0
        self._ended = asyncio.Event()
        self._error: Exception | None = None
        transport.set_protocol(self)

    @property
    def lost(self) -> bool:
        """True once nothing more can be asked."""
        return self._error is not None

    def say(self, *command: str) -> None:
        """Write a command; its reply is for ``hear``."""
        arguments: tuple[Any, ...] = command
        self._transport.write(pack_command(arguments))

    async def ask(self, parts: Sequence[bytes], replies: int, within_s: float) -> list[Any]:
        """Write packed commands and return this number of replies.

        Raises the error that ended the connection: ``TimeoutError`` if the replies come late.
        """
        if self._error is not None:
            raise self._error
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[list[Any]] = loop.create_future()
        self._asked = asked
        self._collected, self._wanted = [], replies
        late = loop.call_later(within_s, self._end, TimeoutError("the broker did not reply in time"))
        self._transport.writelines(parts)
        try:
            return await asked
        finally:
            late.cancel()
            self._asked = self._collected = None  # otherwise the replies would stay in memory until the next call

    async def stay(self, within_s: float) -> None:
        """Wait this long. Raises the error of a connection that ends before."""
        if await is_set_within(self._ended, within_s) and self._error is not None:
            raise self._error

    def data_received(self, data: bytes) -> None:
        """Pass on the replies that are complete now."""
        try:
            self._replies.feed(data)
            while (reply := self._replies.gets()) is not _INCOMPLETE:
                self._hear(reply)
        except Exception as error:  # noqa: BLE001 - raised by ``ask`` and ``stay``
            self._end(error)
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake all waiters, and redis-py, whose close waits for this call."""
        self._end(RedisConnectionError(str(exc or "the broker closed the connection")))
        self._before.connection_lost(exc)

    def _collect(self, reply: Any) -> None:
        if isinstance(reply, RedisConnectionError):  # an error after which the server takes no commands
            raise reply
        if self._collected is None or self._asked is None or self._asked.done():
            return
        self._collected.append(reply)
        if len(self._collected) == self._wanted:
            self._asked.set_result(self._collected)

    def _end(self, error: Exception) -> None:
        self._error = self._error or error
        self._ended.set()
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(self._error)


async def open_line(connection: AbstractConnection, hear: Hear | None = None) -> Line:
    """Connect anew, and read the connection from now on. Raises redis-py's errors."""
    await connection.disconnect(nowait=True)
    await connection.connect_check_health(check_health=False)
    errors = connection._parser.parse_error
    replies = Reader(protocolError=InvalidResponse, replyError=errors, notEnoughData=_INCOMPLETE)
    assert connection._writer is not None
    return Line(connection._writer.transport, replies, hear)
