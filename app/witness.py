"""Who is told of every segment that is spoken here, when each thing happens to it: a monitor is one."""

from typing import Final, Protocol
from uuid import UUID

from app.transcript import Segment


class Witness(Protocol):
    """Told from the loop's thread, and returns at once. A segment may leave out any of these."""

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
    """A witness who does not look."""

    def began(self, session: UUID, segment: int) -> None:
        """Passed over, as everything."""

    def recognised(self, session: UUID, segment: Segment) -> None:
        """Passed over."""

    def closed(self, session: UUID) -> None:
        """Passed over."""

    completed = queued = inserted = held = began
    cancelled = discarded = closed


NOBODY: Final = Nobody()


class Witnesses(Witness):
    """Several, told in order."""

    def __init__(self, *witnesses: Witness) -> None:
        self._witnesses = witnesses

    def began(self, session: UUID, segment: int) -> None:
        """Tell all of them."""
        for witness in self._witnesses:
            witness.began(session, segment)

    def completed(self, session: UUID, segment: int) -> None:
        """Tell all of them."""
        for witness in self._witnesses:
            witness.completed(session, segment)

    def queued(self, session: UUID, segment: int) -> None:
        """Tell all of them."""
        for witness in self._witnesses:
            witness.queued(session, segment)

    def recognised(self, session: UUID, segment: Segment) -> None:
        """Tell all of them."""
        for witness in self._witnesses:
            witness.recognised(session, segment)

    def inserted(self, session: UUID, segment: int) -> None:
        """Tell all of them."""
        for witness in self._witnesses:
            witness.inserted(session, segment)

    def held(self, session: UUID, segment: int) -> None:
        """Tell all of them."""
        for witness in self._witnesses:
            witness.held(session, segment)

    def cancelled(self, session: UUID) -> None:
        """Tell all of them."""
        for witness in self._witnesses:
            witness.cancelled(session)

    def closed(self, session: UUID) -> None:
        """Tell all of them."""
        for witness in self._witnesses:
            witness.closed(session)

    def discarded(self, session: UUID) -> None:
        """Tell all of them."""
        for witness in self._witnesses:
            witness.discarded(session)
