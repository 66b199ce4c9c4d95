"""Connections to the broker: to a server, or to the node that is primary for a key when they are made."""

from functools import partial
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from protocol.broker_url import BrokerKind, parse_broker_url
from runtime.broker_connection import DialledConnection
from runtime.broker_nodes import BrokerNodes

CONNECT_S: Final = 5.0
REPLY_S: Final = 10.0


class Connections:
    """Maker of connections for commands on ``key``. Raises ``ValueError`` for an address that is none."""

    def __init__(self, url: str, name: str, key: str) -> None:
        self._url = url
        self.said = parse_broker_url(url)
        self._options: dict[str, Any] = {
            "max_connections": 1,
            "timeout": REPLY_S,
            "socket_connect_timeout": CONNECT_S,
            "retry": Retry(NoBackoff(), 0),
            "client_name": name,
            "protocol": 2,
        }
        if self.said.kind is not BrokerKind.SERVER:
            self._options |= {
                "connection_class": DialledConnection,
                "dial": partial(BrokerNodes(self.said).dial, key),
                "primary": self.said.kind is BrokerKind.SENTINEL,
                "username": self.said.user or None,
                "password": self.said.password or None,
            }

    def client(self) -> "Redis":
        """Return a client with one connection, whose replies have a deadline."""
        return Redis.from_pool(self._pool(REPLY_S))

    def bare(self) -> "AbstractConnection":
        """Return a connection without a pool, whose user sets the deadlines."""
        connection: AbstractConnection = self._pool(None).make_connection()  # type: ignore[no-untyped-call] # so in redis-py
        return connection

    def _pool(self, socket_timeout: float | None) -> "BlockingConnectionPool":
        options = self._options | {"socket_timeout": socket_timeout}
        if self.said.kind is BrokerKind.SERVER:
            return BlockingConnectionPool.from_url(self._url, **options)
        return BlockingConnectionPool(**options)
