"""A connection of redis-py that a function opens. Only programs that use the broker import this."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import AskError, AuthenticationError, NoPermissionError
from redis.exceptions import ConnectionError as RedisConnectionError

Dial = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
"""Opens a connection. Raises ``OSError``, or ``PermissionError`` if another try will not help."""


def error_text(error: Exception) -> str:
    """Return the text of a broker's error; of ``MOVED`` and ``ASK`` redis-py keeps only the numbers."""
    if isinstance(error, AskError):
        return f"the data is at another server now, {error.host}:{error.port}"
    return str(error)


class DialledConnection(AbstractConnection):
    """Connection that a ``Dial`` opens; redis-py's own classes keep one address for ever.

    ``primary``: refuse a server that says it is a replica. A Sentinel may name it for a moment after a failover.
    """

    def __init__(self, *, dial: Dial, primary: bool = False, **options: Any) -> None:
        self._dial = dial
        self._primary = primary
        super().__init__(**options)

    def repr_pieces(self) -> list[tuple[str, str | int]]:
        """Return the parts of the connection's text."""
        return [("db", self.db)]

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(self.socket_connect_timeout):
                self._reader, self._writer = await self._dial()
        except PermissionError as error:
            raise AuthenticationError(str(error)) from error

    async def on_connect_check_health(self, check_health: bool = True) -> None:
        """Authenticate, and check the kind of the server."""
        await super().on_connect_check_health(check_health)
        if not self._primary:
            return
        await self.send_command("ROLE", check_health=False)
        try:
            role, *_ = await self.read_response()
        except NoPermissionError:  # then the first write shows it
            return
        if role != b"master":
            raise RedisConnectionError("the server that the sentinels name is a replica")

    def _host_error(self) -> str:
        return "the broker"
