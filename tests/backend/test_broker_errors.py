"""Errors of redis-py as ours."""

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ResponseError

from backend.broker_errors import mapped, ours
from backend.errors import BrokerFailed, BrokerUnreachable


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
