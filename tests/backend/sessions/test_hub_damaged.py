"""Sessions whose key in the broker another program has changed: a typed error with a remedy, and no traceback."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from backend.gateway import Gateway
from protocol.errors import CloseCode, ErrorCode
from protocol.job import Keys
from protocol.session import Error, Final, Queued
from tests.backend.conftest import KEY
from tests.backend.fake_worker import working
from tests.backend.wire import Wire, connected, tone
from tests.helpers.valkey import Broker

PCM = tone(1_600)
Damage = Callable[[Any, str], Awaitable[object]]


async def set_text(redis: Any, key: str) -> None:
    await redis.delete(key)
    await redis.set(key, "of another program")


async def set_list(redis: Any, key: str) -> None:
    await redis.delete(key)
    await redis.rpush(key, "of another program")


def field(name: str, value: bytes) -> Damage:
    """Return a damage to one field."""

    async def set_field(redis: Any, key: str) -> None:
        await redis.hset(key, name, value)

    return set_field


DAMAGES = {
    "text": set_text,
    "list": set_list,
    "epoch": field("epoch", b"many"),
    "end": field("end:0", b"perhaps"),
    "end without a number": field("end:0", b"final one"),
    "job": field("job:0", b"\xff\xfe"),
    "name": field("job:one", b"0 1-0 stream"),
    "number of another attempt": field("end:7", b"final -"),
}


@pytest.mark.parametrize("name", DAMAGES)
async def test_damaged_session_is_refused_with_remedy_when_it_is_resumed(
    gateway: Gateway, broker: Broker, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(gateway.url, KEY) as wire:
        await wire.segment(0, PCM)
        await wire.expect(Queued)
    async with Redis.from_url(broker.url) as redis:
        await DAMAGES[name](redis, Keys().session(str(wire.session)))
    for _ in range(2):
        async with Wire(gateway.url, KEY, wire.session) as again:
            with pytest.raises(AssertionError, match="closed with 4403"):
                await again.hello(resume=True)
            assert isinstance(again.seen[-1], Error) and again.seen[-1].code is ErrorCode.CONFLICT
            assert "begin a new session" in again.seen[-1].message
    assert not [one for one in caplog.records if one.exc_info], "a traceback"
    async with working(broker.url), connected(gateway.url, KEY) as other:
        await other.segment(0, PCM)
        assert (await other.expect(Final)).text


@pytest.mark.parametrize("name", ["text", "list", "end"])
async def test_client_gets_an_error_when_its_session_is_damaged_meanwhile(
    gateway: Gateway, broker: Broker, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(gateway.url, KEY) as wire, Redis.from_url(broker.url) as redis:
        await wire.segment(0, PCM)
        await wire.expect(Queued)
        await DAMAGES[name](redis, Keys().session(str(wire.session)))
        await wire.segment(1, PCM)
        closed = await wire.until_closed()
        error = next(one for one in wire.seen if isinstance(one, Error))
        assert (closed, error.code) in {
            (CloseCode.TRY_AGAIN_LATER, ErrorCode.BROKER_UNAVAILABLE), (CloseCode.FORBIDDEN, ErrorCode.CONFLICT)
        }  # fmt: skip
    async with Wire(gateway.url, KEY, wire.session) as again:
        with pytest.raises(AssertionError, match="closed with 4403"):
            await again.hello(resume=True)
    assert not [one for one in caplog.records if one.exc_info], "a traceback"
