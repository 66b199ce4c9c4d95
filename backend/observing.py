"""Who else hears of what happens to sessions: the monitor, the metrics, the log. They hear, they decide nothing.

Nothing is told per audio frame, and no method may wait or raise.
"""

from collections.abc import Iterable
from enum import StrEnum

from protocol.session import GatewayMessage


class RefusalReason(StrEnum):
    """Why something was not taken; the ``reason`` of the refusals that are counted."""

    CONNECTIONS = "connections"
    BROKER = "broker"
    MEMORY = "memory"
    LOAD = "load"
    NO_WORKER = "no_worker"
    LEAVING = "leaving"
    KEY_REQUESTS = "key_requests"
    KEY_STREAMS = "key_streams"
    KEY = "key"
    MESSAGE = "message"


class Observer:
    """Hears nothing; subclasses hear what they want to."""

    def bound(self, session: str, resumed: bool) -> None:
        """A connection speaks for this session from now on."""

    def unbound(self, session: str) -> None:
        """Its connection is gone."""

    def told(self, session: str, message: GatewayMessage, samples: int) -> None:
        """A client is told this; ``samples``: of the segment that has ended, 0 where they were never here."""

    def refused(self, reason: RefusalReason) -> None:
        """Something was not taken."""


class Observers(Observer):
    """Several, told in order."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._observers = tuple(observers)

    def bound(self, session: str, resumed: bool) -> None:
        """Tell all of them."""
        for observer in self._observers:
            observer.bound(session, resumed)

    def unbound(self, session: str) -> None:
        """Tell all of them."""
        for observer in self._observers:
            observer.unbound(session)

    def told(self, session: str, message: GatewayMessage, samples: int) -> None:
        """Tell all of them."""
        for observer in self._observers:
            observer.told(session, message, samples)

    def refused(self, reason: RefusalReason) -> None:
        """Tell all of them."""
        for observer in self._observers:
            observer.refused(reason)
