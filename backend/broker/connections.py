"""Connections to the broker: to a server, or to the node that is the primary of a key at that time."""

import asyncio
from functools import partial
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from protocol.broker_url import BrokerKind, parse_broker_url
from runtime.broker_connection import DialledConnection, check_server_url
from runtime.broker_nodes import BrokerNodes

CONNECT_S: Final = 5.0
REPLY_S: Final = 10.0


class Connections:
    """Factory of connections to a broker of this ``kind``. Raises ``ValueError`` for an invalid address."""

    def __init__(self, url: str, name: str) -> None:
        said = parse_broker_url(url)
        self.kind = said.kind
        if said.kind is BrokerKind.SERVER:
            check_server_url(url)
        self._url = url
        self._nodes = BrokerNodes(said)
        self._options: dict[str, Any] = {
            "max_connections": 1,
            "timeout": REPLY_S,
            "socket_connect_timeout": CONNECT_S,
            "retry": Retry(NoBackoff(), 0),
            "client_name": name,
            "protocol": 2,
        }
        if self.kind is not BrokerKind.SERVER:
            self._options |= {
                "connection_class": DialledConnection,
                "primary": self.kind is BrokerKind.SENTINEL,
                "username": said.user or None,
                "password": said.password or None,
            }

    @property
    def database(self) -> int:
        """Number of the database that the address names; 0: the default one."""
        return int(self.bare("").db)

    def client(self, key: str) -> Redis:
        """Return a client with one connection for commands on ``key``, whose replies have a deadline."""
        return Redis.from_pool(self._pool(key, REPLY_S))

    def bare(self, key: str) -> AbstractConnection:
        """Return a connection without a pool for commands on ``key``; the caller sets the deadlines."""
        connection: AbstractConnection = self._pool(key, None).make_connection()  # type: ignore[no-untyped-call] # so in redis-py
        return connection

    async def dial(self, key: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection that does not belong to redis-py. Raises ``OSError``."""
        made = self.bare(key)
        if isinstance(made, UnixDomainSocketConnection):
            return await asyncio.open_unix_connection(made.path)
        if isinstance(made, Connection):
            tls = made.ssl_context.get() if isinstance(made, SSLConnection) else None
            return await asyncio.open_connection(made.host, made.port, ssl=tls)
        return await self._nodes.dial(key)

    def _pool(self, key: str, socket_timeout: float | None) -> BlockingConnectionPool:
        options = self._options | {"socket_timeout": socket_timeout}
        if self.kind is BrokerKind.SERVER:
            return BlockingConnectionPool.from_url(self._url, **options)
        return BlockingConnectionPool(**options, dial=partial(self._nodes.dial, key))
