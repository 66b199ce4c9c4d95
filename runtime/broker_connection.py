"""Use of redis-py that gateways and workers share: a connection that a function opens, errors, the version.

Only programs that use the broker import this.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.exceptions import (
    AskError,
    AuthenticationError,
    ClusterDownError,
    NoPermissionError,
    ReadOnlyError,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

Dial = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
"""Opens a connection. Raises ``OSError``, or ``PermissionError`` if another try will not help."""


_ELSEWHERE: Final = (ReadOnlyError, AskError, ClusterDownError, TryAgainError)
"""Errors of a server that is not the primary now: a new connection may lead to the primary."""
_ELSEWHERE_TEXT: Final = "non local key"  # error of a script while a slot moves
DENIED_IN_SCRIPT: Final = "ACL failure in script"
"""Beginning of the error of a script whose user may not run one of its commands, or use one of its channels."""
_OLDEST: Final = {"redis": (7, 0), "valkey": (7, 2)}


def check_server_url(url: str) -> None:
    """Raise ``ValueError`` for the URL of a single server that redis-py cannot use, also for unknown options."""
    parts = urlsplit(url)
    database = parts.path.strip("/")
    is_tcp = parts.scheme in ("redis", "rediss")
    if is_tcp and database and not database.isdecimal():  # redis-py would use number 0
        raise ValueError(f"a database is a number, not {database!r}: write {parts.scheme}://HOST:PORT/0")
    options = dict(parse_url(url))
    kind: Any = options.pop("connection_class", Connection)
    options.pop("max_connections", None)  # an option of a pool
    try:
        kind(**options)
    except TypeError as error:
        raise ValueError(f"an option after ? is not known: {str(error).rpartition(' ')[2]}") from error
    except RedisError as error:
        raise ValueError(f"an option after ? has a wrong value: {error}") from error


def is_elsewhere(reply: object) -> bool:
    """Return whether a reply is the error of a server that is not the primary now."""
    return isinstance(reply, _ELSEWHERE) or (isinstance(reply, RedisError) and _ELSEWHERE_TEXT in str(reply))


def server_version(info: Mapping[str, Any]) -> str:
    """Return name and version from INFO. Raises ``ValueError`` if it is too old for our scripts."""
    kind = "valkey" if "valkey_version" in info else "redis"
    version = str(info.get(f"{kind}_version", "unknown"))
    if tuple(int(number) for number in re.findall(r"\d+", version)[:2]) < _OLDEST[kind]:
        needed = ".".join(map(str, _OLDEST[kind]))
        raise ValueError(f"{kind} {version} is too old: {kind} {needed} or newer is needed")
    return f"{kind} {version}"


def error_text(error: Exception) -> str:
    """Return the text of a broker's error. redis-py keeps only the numbers of ``MOVED`` and ``ASK``."""
    if isinstance(error, AskError):
        return f"the data is at another server now, {error.host}:{error.port}"
    return str(error)


class DialledConnection(AbstractConnection):
    """Connection that a ``Dial`` opens; redis-py's own classes never change their address.

    ``primary``: refuse a replica, which a Sentinel may still name as primary just after a failover.
    """

    def __init__(self, *, dial: Dial, primary: bool = False, **options: Any) -> None:
        self._dial = dial
        self._primary = primary
        super().__init__(**options)

    def repr_pieces(self) -> list[tuple[str, str | int]]:
        """Return the fields that ``repr`` shows."""
        return [("db", self.db)]

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(self.socket_connect_timeout):
                self._reader, self._writer = await self._dial()
        except PermissionError as error:
            raise AuthenticationError(str(error)) from error

    async def on_connect_check_health(self, check_health: bool = True) -> None:
        """Authenticate, and refuse a replica if the connection needs the primary."""
        await super().on_connect_check_health(check_health)
        if not self._primary:
            return
        await self.send_command("ROLE", check_health=False)
        try:
            role, *_ = await self.read_response()
        except NoPermissionError:  # the first write will fail if it is a replica
            return
        if role != b"master":
            raise RedisConnectionError("the server that the sentinels name is a replica")

    def _host_error(self) -> str:
        return "the broker"
