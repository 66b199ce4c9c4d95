"""Observers of session events: the monitor, the metrics, the log. Observers never influence a session.

No event is sent per audio frame, and no method may wait or raise. Ended segments are reported in batches, a few
times a second. One by one, between the frames of many speakers, each report would cost ten times as much.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from backend.core.refusal import RefusalReason
from backend.sessions.segments import SegmentHistory
from protocol.job import JobKind
from protocol.session import Failed, GatewayMessage, Queued
from protocol.session import Final as FinalMessage

MOST_GATHERED: Final = 200
_GATHER_S: Final = 0.25
_MOST_UNRECEIVED: Final = 65_536


class Conclusion(NamedTuple):
    """First delivery of a segment's outcome to its client.

    ``at``: the time on the clock of ``history``; ``wall``: the wall-clock time.
    """

    session: str
    owner: str
    outcome: FinalMessage | Failed
    history: SegmentHistory
    at: float
    wall: float


class Observer:
    """Observer that ignores every event; subclasses override what they need."""

    def bound(self, session: str, resumed: bool) -> None:
        """Handle a new connection for a session."""

    def unbound(self, session: str) -> None:
        """Handle the end of a session's connection."""

    def message_sent(self, session: str, message: GatewayMessage) -> None:
        """Handle a message to a client, except results and ``queued``."""

    def concluded(self, conclusions: Sequence[Conclusion]) -> None:
        """Handle outcomes that clients got now or a moment ago."""

    def cancelled(self, session: str, segment: int) -> None:
        """Handle the cancellation of a segment by its client, at any stage."""

    def attempted(self, kind: JobKind, made: bool) -> None:
        """Handle the request of a hypothesis or speculation; ``made``: a worker was asked."""

    def refused(self, reason: RefusalReason) -> None:
        """Handle the refusal of a session, request or message."""


class Observers(Observer):
    """Several observers, called in order. ``later`` schedules a call after some seconds."""

    def __init__(
        self, observers: Iterable[Observer], later: Callable[[float, Callable[[], None]], object] | None = None
    ) -> None:
        self.listening = tuple(observers)
        self._later = _later if later is None else later
        self._gathered: list[Conclusion] = []

    def bound(self, session: str, resumed: bool) -> None:
        """Notify every observer at once."""
        for observer in self.listening:
            observer.bound(session, resumed)

    def unbound(self, session: str) -> None:
        """Notify every observer at once."""
        for observer in self.listening:
            observer.unbound(session)

    def message_sent(self, session: str, message: GatewayMessage) -> None:
        """Notify every observer, except of ``queued``: half of all messages, which no observer uses."""
        if isinstance(message, Queued):
            return
        for observer in self.listening:
            observer.message_sent(session, message)

    def concluded(self, conclusions: Sequence[Conclusion]) -> None:
        """Collect outcomes, and notify every observer soon."""
        if not self.listening:
            return
        if not self._gathered:
            self._later(_GATHER_S, self.flush)
        self._gathered.extend(conclusions)
        if len(self._gathered) >= MOST_GATHERED:
            self.flush()

    def flush(self) -> None:
        """Report all collected outcomes now. Safe to call twice."""
        gathered, self._gathered = self._gathered, []
        if gathered:
            for observer in self.listening:
                observer.concluded(gathered)

    def cancelled(self, session: str, segment: int) -> None:
        """Notify every observer at once."""
        for observer in self.listening:
            observer.cancelled(session, segment)

    def attempted(self, kind: JobKind, made: bool) -> None:
        """Notify every observer at once."""
        for observer in self.listening:
            observer.attempted(kind, made)

    def refused(self, reason: RefusalReason) -> None:
        """Notify every observer at once."""
        for observer in self.listening:
            observer.refused(reason)


def _later(seconds: float, act: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, act)


class UnconfirmedResults:
    """Sent results that are not yet confirmed, so that repetitions are recognised.

    Above the limit the oldest are forgotten.
    """

    def __init__(self, most: int = _MOST_UNRECEIVED) -> None:
        self._most = most
        self._delivered: dict[tuple[str, int], int | None] = {}

    def is_new(self, session: str, message: FinalMessage | Failed) -> bool:
        """Return whether this is the first delivery: of each failed attempt, and of the text."""
        attempt = message.attempt if isinstance(message, Failed) else None
        key = (session, message.segment)
        if self._delivered.get(key, -1) == attempt:
            return False
        self._delivered[key] = attempt
        if len(self._delivered) > self._most:
            del self._delivered[next(iter(self._delivered))]
        return True

    def received(self, session: str, segment: int) -> None:
        """Forget a confirmed text. A failure is kept, because it is sent again on reconnect."""
        if self._delivered.get((session, segment), -1) is None:
            del self._delivered[session, segment]
