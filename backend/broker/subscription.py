"""Notices that arrive on this gateway's channel."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from backend.core.errors import BrokerUnreachable
from protocol.errors import MalformedMessage
from protocol.job import Notice, decode_notice
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_SUBSCRIPTION

_QUIET_S: Final = 5.0


class Subscription(Protocol):
    """A redis-py connection that has sent SSUBSCRIBE. redis-py's own PubSub costs twice as much per message."""

    def read_response(self, *, timeout: float) -> Awaitable[Any]:
        """Return the next message as a list, or ``None`` on timeout."""
        ...

    def send_command(self, *arguments: str) -> Awaitable[None]:
        """Send a command; its reply arrives as a message."""
        ...


async def follow(
    subscription: Subscription,
    on_notice: Callable[[Notice], None],
    on_subscribed: Callable[[], None],
    quiet_s: float = _QUIET_S,
) -> None:
    """Pass on incoming notices.

    Raises the subscription's errors, or ``BrokerUnreachable`` when pings go unanswered.
    """
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
        elif message[0] == b"sunsubscribe":
            raise BrokerUnreachable("the channel moved to another node")
        elif message[0] == b"smessage":
            try:
                notice = decode_notice(message[2])
            except MalformedMessage as error:
                log.error(LogEvent.RESULTS_NOTICE_UNREADABLE, error=str(error))
                continue
            on_notice(notice)
