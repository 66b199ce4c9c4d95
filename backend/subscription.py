"""What comes over the channel of this gateway."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import structlog

from backend.errors import BrokerUnreachable
from protocol.errors import MalformedMessage
from protocol.job import Notice, decode_notice

log = structlog.get_logger(__name__)

_QUIET_S: Final = 5.0


class Subscription(Protocol):
    """What is needed of redis-py's PubSub."""

    def get_message(self, *, timeout: float) -> Awaitable[dict[str, Any] | None]:
        """The next message, ``None`` when there was none in time."""
        ...

    def ping(self) -> Awaitable[Any]:
        """Ask for a sign of life, which comes as a message."""
        ...


async def follow(
    subscription: Subscription,
    on_notice: Callable[[Notice], None],
    on_subscribed: Callable[[], None],
    quiet_s: float = _QUIET_S,
) -> None:
    """Hand on what comes. Raises what the subscription raises; ``BrokerUnreachable`` when no ping is answered."""
    quiet = 0
    while True:
        message = await subscription.get_message(timeout=quiet_s)
        if message is None:
            quiet += 1
            if quiet > 2:
                raise BrokerUnreachable("the subscription does not answer")
            await subscription.ping()
            continue
        quiet = 0
        if message["type"] == "ssubscribe":
            on_subscribed()
        elif message["type"] == "smessage":
            try:
                notice = decode_notice(message["data"])
            except MalformedMessage as error:
                log.error("a notice cannot be read", error=str(error))
                continue
            on_notice(notice)
