"""Translation of redis-py's errors into our own."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from backend.core.errors import BrokerFailed, BrokerUnreachable, SessionDamaged
from backend.core.lost_writes import lost_writes
from protocol.monitor import BrokerTrouble
from runtime.broker_connection import DENIED_IN_SCRIPT, error_text, is_elsewhere

UNREACHABLE: Final = (RedisConnectionError, RedisTimeoutError, OSError)
_AWAY: Final = (RedisConnectionError, OutOfMemoryError)
_IN_SCRIPT: Final = "user_script"
_KILLED: Final = "SCRIPT KILL"
_AWAY_TEXTS: Final = ("MISCONF", "BUSY ", "NOREPLICAS")
_TEXTS: Final = {
    "MISCONF": BrokerTrouble.DISK,
    "NOREPLICAS": BrokerTrouble.REPLICAS,
    "WRONGTYPE": BrokerTrouble.FOREIGN,
    DENIED_IN_SCRIPT: BrokerTrouble.DENIED,
}
_TROUBLES: Final = {
    BrokerTrouble.FULL: (OutOfMemoryError,),
    BrokerTrouble.LOADING: (BusyLoadingError,),
    BrokerTrouble.REPLICA: (ReadOnlyError,),
    BrokerTrouble.DENIED: (AuthenticationError, AuthorizationError, NoPermissionError),
}


def trouble_of(error: Exception) -> str:
    """Return the ``BrokerTrouble`` behind an error of redis-py; empty: none.

    redis-py hides the broker's error behind its own while it connects.
    """
    said = (error, error.__context__)
    texts = (trouble for start, trouble in _TEXTS.items() if any(str(one).startswith(start) for one in said))
    kinds = (trouble for trouble, kinds in _TROUBLES.items() if any(isinstance(one, kinds) for one in said))
    return next(chain(texts, kinds), "")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Translate Redis errors raised in the context into our own."""
    try:
        with lost_writes():
            yield
    except UNREACHABLE as error:
        raise BrokerUnreachable(str(error), trouble_of(error)) from error
    except RedisError as error:
        kind = BrokerUnreachable if is_elsewhere(error) else BrokerFailed
        raise kind(error_text(error), trouble_of(error)) from error


def ours(reply: Any, *, optional: bool, own: bool = False) -> Any:
    """Return a reply, translated if it is an error.

    An error of a required command that the broker may accept soon becomes ``BrokerUnreachable``. ``own``: the
    script uses only the session's key, so that an error about data means ``SessionDamaged``.
    """
    if not isinstance(reply, RedisError):
        return reply
    if own and _is_about_data(reply):
        return SessionDamaged("its key or a field has another type")
    away = not optional and (isinstance(reply, _AWAY) or is_elsewhere(reply) or str(reply).startswith(_AWAY_TEXTS))
    return (BrokerUnreachable if away else BrokerFailed)(error_text(reply), trouble_of(reply))


def _is_about_data(reply: RedisError) -> bool:
    """Return whether a script failed because of a key's content, not because of the server or permissions."""
    said = str(reply)
    passing = is_elsewhere(reply) or _KILLED in said
    return _IN_SCRIPT in said and not passing and trouble_of(reply) in ("", BrokerTrouble.FOREIGN)
