"""Messages on a gateway's channel, from a fake subscription."""

from collections import deque
from typing import Any

import pytest

from backend.broker.subscription import follow
from backend.core.errors import BrokerUnreachable
from protocol.job import Notice, Result, encode_notice

RESULT = Result("s", 0, "hi")


class Gone(Exception):
    """The fake connection has no more messages."""


class FakeSubscription:
    """Subscription that returns the given messages (``None``: silence), then raises ``Gone``."""

    def __init__(self, *messages: list[Any] | None) -> None:
        self.messages = deque(messages)
        self.pings = 0

    async def read_response(self, *, timeout: float) -> list[Any] | None:
        if not self.messages:
            raise Gone
        return self.messages.popleft()

    async def send_command(self, *arguments: str) -> None:
        assert arguments == ("PING",)
        self.pings += 1


def message(kind: str, data: bytes = b"1") -> list[Any]:
    return [kind.encode(), b"channel", data]


async def followed(subscription: FakeSubscription) -> tuple[list[Notice], int]:
    notices: list[Notice] = []
    subscribed: list[bool] = []
    with pytest.raises(Gone):
        await follow(subscription, notices.append, lambda: subscribed.append(True))
    return notices, len(subscribed)


async def test_notices_and_subscriptions_are_passed_on() -> None:
    result = message("smessage", encode_notice(RESULT))
    assert await followed(FakeSubscription(message("ssubscribe"), result, message("pong"), result)) == (
        [RESULT] * 2,
        1,
    )


async def test_second_subscription_on_same_connection_is_passed_on() -> None:
    assert await followed(FakeSubscription(message("ssubscribe"), message("ssubscribe"))) == ([], 2)


async def test_unreadable_notice_does_not_stop_the_rest() -> None:
    bad, good = message("smessage", b"{"), message("smessage", encode_notice(RESULT))
    assert await followed(FakeSubscription(bad, good)) == ([RESULT], 0)


async def test_silence_is_answered_by_ping() -> None:
    subscription = FakeSubscription(None, message("pong"), None, None, message("pong"))
    await followed(subscription)
    assert subscription.pings == 3


async def test_unanswered_pings_end_subscription() -> None:
    subscription = FakeSubscription(None, None, None, message("pong"))
    with pytest.raises(BrokerUnreachable):
        await follow(subscription, lambda _: None, lambda: None)
    assert subscription.pings == 2
