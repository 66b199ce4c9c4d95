"""Translation of redis-py's errors."""

import asyncio
from typing import Any

import pytest
import uvloop
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

from backend.broker.errors import ours, translate_errors, trouble_of
from backend.core.errors import BrokerError, BrokerFailed, BrokerUnreachable, SessionDamaged
from protocol.monitor import BrokerTrouble
from tests.helpers.lost_connection import lost_writer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RedisConnectionError("gone"), BrokerUnreachable),
        (OSError("no"), BrokerUnreachable),
        (ResponseError("no"), BrokerFailed),
    ],
)
def test_raised_errors_are_translated(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind), translate_errors():
        raise error


def test_write_to_lost_connection_is_unreachable() -> None:
    """The selector loop of Python 3.13 calls a function that the loss has set to None."""
    lost: Any = None
    with pytest.raises(BrokerUnreachable, match="lost during a write"), translate_errors():
        lost()
    with pytest.raises(TypeError), translate_errors():
        raise TypeError("a mistake of ours")


def test_write_to_lost_connection_of_uvloop_is_unreachable() -> None:
    async def write() -> None:
        async with lost_writer() as writer:
            with translate_errors():
                writer.writelines([b"command"])

    lost = pytest.raises(BrokerUnreachable, match="lost during a write")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, lost:
        runner.run(write())
    with pytest.raises(RuntimeError), translate_errors():
        raise RuntimeError("a mistake of ours")


def test_temporary_refusal_is_unreachable_unless_optional() -> None:
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
        (ResponseError("NOREPLICAS Not enough good replicas to write."), BrokerTrouble.REPLICAS),
        (AuthenticationError("WRONGPASS"), BrokerTrouble.DENIED),
        (NoPermissionError("NOPERM"), BrokerTrouble.DENIED),
        (ResponseError("WRONGTYPE Operation against a key holding the wrong kind"), BrokerTrouble.FOREIGN),
        (ResponseError("ACL failure in script: User default has no permissions to run"), BrokerTrouble.DENIED),
        (RedisConnectionError("gone"), ""),
    ],
)
def test_trouble_is_kept_in_translated_error(error: Exception, trouble: str) -> None:
    assert trouble_of(error) == trouble and ours(error, optional=False).trouble == trouble
    with pytest.raises(BrokerError) as caught, translate_errors():
        raise error
    assert caught.value.trouble == trouble


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("WRONGTYPE Operation against a key script: on @user_script:4.", SessionDamaged),
        ("user_script:2: attempt to compare nil with number script: on @user_script:2.", SessionDamaged),
        ("ACL failure in script: no permissions to run 'hset' script: on @user_script:2.", BrokerFailed),
        ("Script attempted to access a non local key in a cluster node on @user_script:1.", BrokerUnreachable),
        ("Script killed by user with SCRIPT KILL. script: on @user_script:1.", BrokerFailed),
    ],
)
def test_session_is_damaged_only_by_what_its_key_holds(said: str, kind: type[Exception]) -> None:
    assert type(ours(ResponseError(said), optional=False, own=True)) is kind
