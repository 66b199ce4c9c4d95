"""Notify observers, such as the monitor, of the progress of every segment spoken here."""

from typing import Final, Protocol
from uuid import UUID

from app.core.transcript import Segment


class Witness(Protocol):
    """Observer of the segments spoken here.

    Calls come from the loop's thread and must return at once. Some of the calls may be missing for a segment.
    """

    def began(self, session: UUID, segment: int) -> None: ...
    def completed(self, session: UUID, segment: int) -> None: ...
    def queued(self, session: UUID, segment: int) -> None: ...
    def recognised(self, session: UUID, segment: Segment) -> None: ...
    def inserted(self, session: UUID, segment: int) -> None: ...
    def held(self, session: UUID, segment: int) -> None: ...
    def cancelled(self, session: UUID) -> None: ...
    def closed(self, session: UUID) -> None: ...
    def discarded(self, session: UUID) -> None: ...


class Nobody:
    """An observer that ignores every call."""

    def began(self, session: UUID, segment: int) -> None:
        """Ignore the call, as all others."""

    def recognised(self, session: UUID, segment: Segment) -> None:
        """Ignore the call, as all others."""

    def closed(self, session: UUID) -> None:
        """Ignore the call, as all others."""

    completed = queued = inserted = held = began
    cancelled = discarded = closed


NOBODY: Final = Nobody()


class Witnesses(Witness):
    """Group of observers that are notified in order."""

    def __init__(self, *witnesses: Witness) -> None:
        self._witnesses = witnesses

    def began(self, session: UUID, segment: int) -> None:
        """Notify all observers that a segment began."""
        for witness in self._witnesses:
            witness.began(session, segment)

    def completed(self, session: UUID, segment: int) -> None:
        """Notify all observers that a segment's audio is complete."""
        for witness in self._witnesses:
            witness.completed(session, segment)

    def queued(self, session: UUID, segment: int) -> None:
        """Notify all observers that the gateway queued a segment."""
        for witness in self._witnesses:
            witness.queued(session, segment)

    def recognised(self, session: UUID, segment: Segment) -> None:
        """Notify all observers that a segment was recognised."""
        for witness in self._witnesses:
            witness.recognised(session, segment)

    def inserted(self, session: UUID, segment: int) -> None:
        """Notify all observers that a segment was inserted."""
        for witness in self._witnesses:
            witness.inserted(session, segment)

    def held(self, session: UUID, segment: int) -> None:
        """Notify all observers that a segment's text is held."""
        for witness in self._witnesses:
            witness.held(session, segment)

    def cancelled(self, session: UUID) -> None:
        """Notify all observers that a take was cancelled."""
        for witness in self._witnesses:
            witness.cancelled(session)

    def closed(self, session: UUID) -> None:
        """Notify all observers that a take was closed."""
        for witness in self._witnesses:
            witness.closed(session)

    def discarded(self, session: UUID) -> None:
        """Notify all observers that a take was discarded."""
        for witness in self._witnesses:
            witness.discarded(session)
