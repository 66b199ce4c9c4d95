"""What comes over the channel of this gateway."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import structlog

from backend.errors import BrokerUnreachable
from protocol.errors import MalformedMessage
from protocol.job import Notice, decode_notice
from runtime import logger_names

log = structlog.get_logger(logger_names.BACKEND_SUBSCRIPTION)

_QUIET_S: Final = 5.0


class Subscription(Protocol):
    """A connection that has sent SSUBSCRIBE, as redis-py has it; its PubSub costs twice as much per message."""

    def read_response(self, *, timeout: float) -> Awaitable[Any]:
        """The next message as a list, ``None`` when there was none in time."""
        ...

    def send_command(self, *arguments: str) -> Awaitable[None]:
        """Send; the reply comes as a message."""
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
        message = await subscription.read_response(timeout=quiet_s)
        if message is None:
            quiet += 1
            if quiet > 2:
                raise BrokerUnreachable("the subscription does not answer")
            await subscription.send_command("PING")
            continue
        quiet = 0
        if message[0] == b"ssubscribe":
            on_subscribed()
        elif message[0] == b"smessage":
            try:
                notice = decode_notice(message[2])
            except MalformedMessage as error:
                log.error("a notice cannot be read", error=str(error))
                continue
            on_notice(notice)
