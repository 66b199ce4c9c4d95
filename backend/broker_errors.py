"""Errors of redis-py as ours. Beside ``jobs.py`` the only file here that knows them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from redis.exceptions import ClusterDownError, OutOfMemoryError, ReadOnlyError, RedisError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from backend.errors import BrokerFailed, BrokerUnreachable

UNREACHABLE: Final = (RedisConnectionError, RedisTimeoutError, OSError)
_AWAY: Final = (RedisConnectionError, ReadOnlyError, OutOfMemoryError, ClusterDownError, TryAgainError)
_AWAY_TEXTS: Final = ("MISCONF", "BUSY ")


@contextmanager
def mapped() -> Iterator[None]:
    """Redis errors become ours."""
    try:
        yield
    except UNREACHABLE as error:
        raise BrokerUnreachable(str(error)) from error
    except RedisError as error:
        raise BrokerFailed(str(error)) from error


def ours(reply: Any, optional: bool) -> Any:
    """A refusal becomes one of ours: ``BrokerUnreachable`` where the command may be taken soon, and should be."""
    if not isinstance(reply, RedisError):
        return reply
    away = not optional and (isinstance(reply, _AWAY) or str(reply).startswith(_AWAY_TEXTS))
    return (BrokerUnreachable if away else BrokerFailed)(str(reply))
