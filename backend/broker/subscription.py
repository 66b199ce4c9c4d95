"""Notices that arrive on this gateway's channel."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from backend.broker.line import Hear
from backend.core.errors import BrokerUnreachable
from protocol.errors import MalformedMessage
from protocol.job import Notice, decode_notice
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_SUBSCRIPTION

_QUIET_S: Final = 5.0


class Subscription(Protocol):
    """The functions of a ``Line`` that are used here."""

    def say(self, *command: str) -> None:
        """Write a command; its reply arrives as a message."""
        ...

    def stay(self, within_s: float) -> Awaitable[None]:
        """Wait this long. Raises the error of a connection that ends before."""
        ...


async def follow(
    open_line: Callable[[Hear], Awaitable[Subscription]],
    channel: str,
    on_notice: Callable[[Notice], None],
    on_subscribed: Callable[[], None],
) -> None:
    """Subscribe to a channel, and pass on its notices in the loop's iteration in which they arrive.

    Raises the errors of the connection, or ``BrokerUnreachable`` when pings go unanswered.
    """
    heard = False

    def hear(message: Any) -> None:
        nonlocal heard
        heard = True
        _pass_on(message, on_notice, on_subscribed)

    line = await open_line(hear)
    line.say("SSUBSCRIBE", channel)
    quiet = 0
    while True:
        heard = False
        await line.stay(_QUIET_S)
        quiet = 0 if heard else quiet + 1
        if quiet > 2:
            raise BrokerUnreachable("the subscription does not answer")
        if quiet:
            line.say("PING")


def _pass_on(message: Any, on_notice: Callable[[Notice], None], on_subscribed: Callable[[], None]) -> None:
    if isinstance(message, Exception):
        raise message
    if message[0] == b"ssubscribe":
        on_subscribed()
    elif message[0] == b"sunsubscribe":
        raise BrokerUnreachable("the channel moved to another node")
    elif message[0] == b"smessage":
        try:
            notice = decode_notice(message[2])
        except MalformedMessage as error:
            log.error(LogEvent.RESULTS_NOTICE_UNREADABLE, error=str(error))
            return
        on_notice(notice)
