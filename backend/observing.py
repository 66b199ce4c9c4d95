"""Who else hears of what happens to sessions: the monitor, the metrics, the log. They hear, they decide nothing.

Nothing is told per audio frame, and no method may wait or raise. Of segments that ended they hear a few times a
second, of all together: one by one, between the frames of many people, each costs ten times as much.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from backend.segments import Course
from protocol.job import JobKind
from protocol.session import Failed, GatewayMessage, Queued
from protocol.session import Final as FinalMessage

MOST_GATHERED: Final = 200
_GATHER_S: Final = 0.25
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
    MODEL = "model"
    KEY = "key"
    MESSAGE = "message"


class Conclusion(NamedTuple):
    """A segment of a key ended and its client is told, for the first time since it was received.

    ``at``: when, by the clock of its course; ``wall``: by the wall's.
    """

    session: str
    owner: str
    outcome: FinalMessage | Failed
    course: Course
    at: float
    wall: float


class Observer:
    """Hears nothing; subclasses hear what they want to."""

    def bound(self, session: str, resumed: bool) -> None:
        """A connection speaks for this session from now on."""

    def unbound(self, session: str) -> None:
        """Its connection is gone."""

    def told(self, session: str, message: GatewayMessage) -> None:
        """A client is told this, which is neither a result nor that a segment is queued."""

    def concluded(self, conclusions: Sequence[Conclusion]) -> None:
        """Clients are told these results, or were a moment ago."""

    def cancelled(self, session: str, segment: int) -> None:
        """Its client took this segment back, whatever had become of it."""

    def attempted(self, kind: JobKind, made: bool) -> None:
        """A hypothesis or a speculation was wanted; ``made``: somebody was asked for it."""

    def refused(self, reason: RefusalReason) -> None:
        """Something was not taken."""


class Observers(Observer):
    """Several, told in order; ``listening`` are those that are. ``later`` calls something after seconds."""

    def __init__(
        self, observers: Iterable[Observer], later: Callable[[float, Callable[[], None]], object] | None = None
    ) -> None:
        self.listening = tuple(observers)
        self._later = _later if later is None else later
        self._gathered: list[Conclusion] = []

    def bound(self, session: str, resumed: bool) -> None:
        """Tell all of them."""
        for observer in self.listening:
            observer.bound(session, resumed)

    def unbound(self, session: str) -> None:
        """Tell all of them."""
        for observer in self.listening:
            observer.unbound(session)

    def told(self, session: str, message: GatewayMessage) -> None:
        """Tell all of them. Every other message says that a segment is queued, which is news to nobody here."""
        if isinstance(message, Queued):
            return
        for observer in self.listening:
            observer.told(session, message)

    def concluded(self, conclusions: Sequence[Conclusion]) -> None:
        """Tell all of them soon."""
        if not self.listening:
            return
        if not self._gathered:
            self._later(_GATHER_S, self.flush)
        self._gathered.extend(conclusions)
        if len(self._gathered) >= MOST_GATHERED:
            self.flush()

    def flush(self) -> None:
        """Tell them what ended until now. Safe to call twice."""
        gathered, self._gathered = self._gathered, []
        if gathered:
            for observer in self.listening:
                observer.concluded(gathered)

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


def _later(seconds: float, act: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, act)


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
