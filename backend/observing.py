"""Who else hears of what happens to sessions: the monitor, the metrics, the log. They hear, they decide nothing.

Nothing is told per audio frame, and no method may wait or raise.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from backend.segments import Course
from protocol.job import JobKind
from protocol.session import Failed, GatewayMessage, Queued
from protocol.session import Final as FinalMessage

_MOST_UNRECEIVED: Final = 65_536


class RefusalReason(StrEnum):
    """Why something was not taken; the ``reason`` of the refusals that are counted."""

    CONNECTIONS = "connections"
    BROKER = "broker"
    MEMORY = "memory"
    UNQUEUED = "unqueued"
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
        """A client is told this, unless it is that a segment is queued. ``samples``: of the segment that has
        ended, 0 where they were never here.

        A result that is told again, because its client has not received it, is no news and not heard of again.
        """

    def concluded(self, session: str, outcome: FinalMessage | Failed, course: Course) -> None:
        """As ``told`` of a result, with how its segment went."""

    def cancelled(self, session: str, segment: int) -> None:
        """Its client took this segment back, whatever had become of it."""

    def attempted(self, kind: JobKind, made: bool) -> None:
        """A hypothesis or a speculation was wanted; ``made``: somebody was asked for it."""

    def refused(self, reason: RefusalReason) -> None:
        """Something was not taken."""


class Observers(Observer):
    """Several, told in order; ``listening`` are those that are."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self.listening = tuple(observers)

    def bound(self, session: str, resumed: bool) -> None:
        """Tell all of them."""
        for observer in self.listening:
            observer.bound(session, resumed)

    def unbound(self, session: str) -> None:
        """Tell all of them."""
        for observer in self.listening:
            observer.unbound(session)

    def told(self, session: str, message: GatewayMessage, samples: int) -> None:
        """Tell all of them. Every other message says that a segment is queued, which is news to nobody here."""
        if isinstance(message, Queued):
            return
        for observer in self.listening:
            observer.told(session, message, samples)

    def concluded(self, session: str, outcome: FinalMessage | Failed, course: Course) -> None:
        """Tell all of them."""
        for observer in self.listening:
            observer.concluded(session, outcome, course)

    def cancelled(self, session: str, segment: int) -> None:
        """Tell all of them."""
        for observer in self.listening:
            observer.cancelled(session, segment)

    def attempted(self, kind: JobKind, made: bool) -> None:
        """Tell all of them."""
        for observer in self.listening:
            observer.attempted(kind, made)

    def refused(self, reason: RefusalReason) -> None:
        """Tell all of them."""
        for observer in self.listening:
            observer.refused(reason)


class News:
    """Which results were told and not received yet: those are told again. When there are too many, it forgets."""

    def __init__(self, most: int = _MOST_UNRECEIVED) -> None:
        self._most = most
        self._told: dict[tuple[str, int], int | None] = {}

    def is_new(self, session: str, message: FinalMessage | Failed) -> bool:
        """Whether this is told for the first time: of each attempt that fails, and of the text."""
        attempt = message.attempt if isinstance(message, Failed) else None
        key = (session, message.segment)
        if self._told.get(key, -1) == attempt:
            return False
        self._told[key] = attempt
        if len(self._told) > self._most:
            del self._told[next(iter(self._told))]
        return True

    def received(self, session: str, segment: int) -> None:
        """The client has it. A failure is told again to whoever comes back, and is no news then."""
        if self._told.get((session, segment), -1) is None:
            del self._told[session, segment]
