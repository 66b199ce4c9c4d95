"""Errors of redis-py as ours."""

import pytest
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

from backend.broker_errors import mapped, ours, trouble_of
from backend.errors import BrokerError, BrokerFailed, BrokerUnreachable
from protocol.monitor import BrokerTrouble


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RedisConnectionError("gone"), BrokerUnreachable),
        (OSError("no"), BrokerUnreachable),
        (ResponseError("no"), BrokerFailed),
    ],
)
def test_what_is_raised_becomes_ours(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind), mapped():
        raise error


def test_what_may_be_taken_soon_is_unreachable_unless_nobody_waits_for_it() -> None:
    full = OutOfMemoryError("OOM")
    assert isinstance(ours(full, optional=False), BrokerUnreachable)
    assert isinstance(ours(full, optional=True), BrokerFailed)
    assert isinstance(ours(ResponseError("MISCONF no disk"), optional=False), BrokerUnreachable)
    assert ours(b"fine", optional=False) == b"fine"


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (OutOfMemoryError("OOM"), BrokerTrouble.FULL),
        (BusyLoadingError("LOADING"), BrokerTrouble.LOADING),
        (ResponseError("MISCONF Errors writing to the AOF file: No space left on device"), BrokerTrouble.DISK),
        (ReadOnlyError("READONLY"), BrokerTrouble.REPLICA),
        (AuthenticationError("WRONGPASS"), BrokerTrouble.DENIED),
        (NoPermissionError("NOPERM"), BrokerTrouble.DENIED),
        (RedisConnectionError("gone"), ""),
    ],
)
def test_trouble_of_a_broker_that_answers_is_told(error: Exception, trouble: str) -> None:
    assert trouble_of(error) == trouble and ours(error, optional=False).trouble == trouble
    with pytest.raises(BrokerError) as caught, mapped():
        raise error
    assert caught.value.trouble == trouble
