"""The worker's connections to the broker, and the meaning of their errors."""

import asyncio
import errno
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import redis.exceptions as foreign
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from protocol.broker_url import BrokerKind, BrokerUrl, parse_broker_url
from runtime.broker_connection import (
    DENIED_IN_SCRIPT,
    Dial,
    DialledConnection,
    check_server_url,
    error_text,
    is_elsewhere,
    server_version,
)
from runtime.broker_nodes import BrokerNodes
from worker.core.errors import BrokerError, BrokerRefused, BrokerTooOld, BrokerUnavailable, WrongAddress

_CONNECTIONS: Final = 4  # a blocking read takes one; renewal, heartbeat and results share the rest
_SOCKET_TIMEOUT_S: Final = 10.0  # must exceed every BLOCK
_POOL: Final[dict[str, Any]] = {
    "protocol": 2,
    "max_connections": _CONNECTIONS,
    "socket_timeout": _SOCKET_TIMEOUT_S,
    "socket_connect_timeout": _SOCKET_TIMEOUT_S,
    "retry": Retry(NoBackoff(), 0),
    "driver_info": None,  # a worker's account does not permit CLIENT SETINFO, which Redis 7.0 lacks
}
_REFUSALS: Final = (foreign.AuthenticationError, foreign.AuthorizationError, foreign.NoPermissionError)
_NO_SOCKET: Final = f"Error {errno.ENOENT} connecting to "
"""Beginning of redis-py's message about a broker on this computer whose socket does not exist."""
_NO_GATEWAY: Final = (
    " Start a gateway on this computer (`kikipounamu-gateway serve`), or name another one with --gateway, or a "
    "broker with --redis"
)
_PASSING: Final = (foreign.OutOfMemoryError, foreign.NoScriptError)
"""``NoScriptError``: after a failover, redis-py may load a script through a connection to the earlier primary."""
_PASSING_CODES: Final = ("MISCONF", "NOREPLICAS", "BUSY ", "NOGROUP", "WRONGTYPE")
"""Errors without a class in redis-py. ``NOGROUP``: a group was removed again just after this worker made it.
``WRONGTYPE``: another program's key is in the place of one of ours."""


def dials_of(url: str) -> Callable[[str], Dial | None]:
    """Return a function that gives a ``Dial`` for a key, all of which share one finder of nodes.

    It gives ``None`` where redis-py connects by itself. Raises ``WrongAddress``.
    """
    said = _parse_url(url)
    if said.kind is BrokerKind.SERVER:
        return lambda key: None
    nodes = _nodes(said)
    return lambda key: partial(nodes.dial, key)


def _parse_url(url: str) -> BrokerUrl:
    try:
        return parse_broker_url(url)
    except ValueError as error:
        raise WrongAddress(f"not the address of a broker: {error}") from error


def _nodes(said: BrokerUrl) -> BrokerNodes:
    try:
        return BrokerNodes(said)
    except ValueError as error:
        raise WrongAddress(f"TLS to the broker is not possible: {error}") from error


def open_client(url: str, key: str, dial: Dial | None = None) -> Redis:
    """Return a client for commands on ``key``; ``dial`` opens its connections. Raises ``WrongAddress``."""
    said = _parse_url(url)
    if said.kind is BrokerKind.SERVER:
        if dial is not None:
            return _dialling_client(dial)
        try:
            check_server_url(url)
            return Redis.from_pool(ConnectionPool.from_url(url, **_POOL))
        except ValueError as error:
            raise WrongAddress(f"not the address of a broker: {error}") from error
    user = {"username": said.user or None, "password": said.password or None}
    dial = dial or partial(_nodes(said).dial, key)
    return _dialling_client(dial, primary=said.kind is BrokerKind.SENTINEL, **user)


def _dialling_client(dial: Dial, **options: Any) -> Redis:
    async def open_streams() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await dial()
        except BrokerRefused as error:  # a connection must raise an error that redis-py knows
            raise PermissionError(str(error)) from error

    return Redis.from_pool(
        ConnectionPool(connection_class=DialledConnection, dial=open_streams, **options, **_POOL)
    )


def check_version(info: Mapping[str, Any]) -> None:
    """Raise ``BrokerTooOld`` for a broker that lacks commands of scripts. ``info``: ``server`` part of INFO."""
    try:
        server_version(info)
    except ValueError as error:
        raise BrokerTooOld(str(error)) from error


def broker_error(error: Exception, granted: bool = False) -> BrokerError:
    """Return our error for one of redis-py or of the system.

    ``granted``: the broker did the same before. Then it may do it again, except for a key that a gateway refuses.
    """
    cause = _cause(error)
    if isinstance(cause, _REFUSALS):
        final = not granted or _is_from_gateway(cause)
        return (BrokerRefused if final else BrokerUnavailable)(f"the broker refuses this worker: {cause}")
    if isinstance(cause, foreign.ConnectionError | foreign.TimeoutError | OSError):
        remedy = _NO_GATEWAY if str(cause).startswith(_NO_SOCKET) else ""
        return BrokerUnavailable(f"the broker does not answer: {cause}{remedy}")
    passing = isinstance(cause, _PASSING) or is_elsewhere(cause)
    if passing or str(cause).startswith(_PASSING_CODES):
        return BrokerUnavailable(f"the broker cannot write at this moment: {error_text(cause)}")
    return (BrokerUnavailable if granted else BrokerRefused)(f"the broker does not do what was asked: {cause}")


def is_about_job(error: Exception) -> bool:
    """Return whether a script refused an outcome because of its content, or of its session's key."""
    cause = _cause(error)
    denied = isinstance(cause, _REFUSALS) or DENIED_IN_SCRIPT in str(cause)
    ours = type(broker_error(cause)) is BrokerRefused or str(cause).startswith("WRONGTYPE")
    return not denied and isinstance(cause, foreign.ResponseError) and ours


def same_right(what: str, error: Exception) -> str:
    """Return the first action of every worker that needs the permission which ``error`` denies to ``what``."""
    cause = _cause(error)
    if isinstance(cause, foreign.NoPermissionError):
        return "groups" if "'evalsha'" in str(cause) else what
    return "check" if isinstance(cause, _REFUSALS) else what


def _cause(error: Exception) -> Exception:
    """Return the broker's error; errors while connecting arrive wrapped in a ``ConnectionError``."""
    return error.__cause__ if isinstance(error.__cause__, foreign.RedisError) else error


def _is_from_gateway(error: Exception) -> bool:
    """Return whether a gateway refused, through a ``Dial`` that raised ``BrokerRefused``, and not the broker."""
    dialling = error.__cause__
    return isinstance(dialling, PermissionError) and isinstance(dialling.__cause__, BrokerRefused)
