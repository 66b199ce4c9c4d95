"""Messages on a gateway's channel, from a fake connection."""

from collections import deque
from typing import Any

import pytest
from redis.exceptions import ResponseError

from backend.broker.line import Hear
from backend.broker.subscription import follow
from backend.core.errors import BrokerUnreachable
from protocol.job import Notice, Result, encode_notice

RESULT = Result("s", 0, "hi")


class Gone(Exception):
    """The fake connection has no more messages."""


class FakeLine:
    """Line on which the given messages arrive (``None``: silence), and which then ends with ``Gone``."""

    def __init__(self, *messages: list[Any] | Exception | None) -> None:
        self.messages = deque(messages)
        self.said: list[tuple[str, ...]] = []

    async def open(self, hear: Hear) -> "FakeLine":
        self.hear = hear
        return self

    def say(self, *command: str) -> None:
        self.said.append(command)

    async def stay(self, within_s: float) -> None:
        if not self.messages:
            raise Gone
        if (message := self.messages.popleft()) is not None:
            self.hear(message)


def message(kind: str, data: bytes = b"1") -> list[Any]:
    return [kind.encode(), b"channel", data]


async def followed(line: FakeLine) -> tuple[list[Notice], int]:
    notices: list[Notice] = []
    subscribed: list[bool] = []
    with pytest.raises(Gone):
        await follow(line.open, "channel", notices.append, lambda: subscribed.append(True))
    assert line.said[0] == ("SSUBSCRIBE", "channel")
    return notices, len(subscribed)


async def test_notices_and_subscriptions_are_passed_on() -> None:
    result = message("smessage", encode_notice(RESULT))
    assert await followed(FakeLine(message("ssubscribe"), result, message("pong"), result)) == (
        [RESULT] * 2,
        1,
    )


async def test_second_subscription_on_same_connection_is_passed_on() -> None:
    assert await followed(FakeLine(message("ssubscribe"), message("ssubscribe"))) == ([], 2)


async def test_unreadable_notice_does_not_stop_the_rest() -> None:
    bad, good = message("smessage", b"{"), message("smessage", encode_notice(RESULT))
    assert await followed(FakeLine(bad, good)) == ([RESULT], 0)


async def test_silence_is_answered_by_ping() -> None:
    line = FakeLine(None, message("pong"), None, None, message("pong"))
    await followed(line)
    assert line.said[1:] == [("PING",)] * 3


async def test_unanswered_pings_end_subscription() -> None:
    line = FakeLine(None, None, None, message("pong"))
    with pytest.raises(BrokerUnreachable):
        await follow(line.open, "channel", lambda _: None, lambda: None)
    assert line.said[1:] == [("PING",)] * 2


async def test_channel_that_moves_ends_subscription() -> None:
    with pytest.raises(BrokerUnreachable):
        await follow(FakeLine(message("sunsubscribe")).open, "channel", lambda _: None, lambda: None)


async def test_refused_subscription_is_raised() -> None:
    with pytest.raises(ResponseError):
        await follow(FakeLine(ResponseError("no")).open, "channel", lambda _: None, lambda: None)
