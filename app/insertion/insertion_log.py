"""Log when a text was inserted or held, and how long it had waited since its recognition."""

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from app.core.segment_observer import Witness
from app.core.transcript import Segment
from runtime import logger_names
from runtime.event_names import LogEvent

log = structlog.get_logger(logger_names.APP_INSERTION_STORY)

_MOST: Final = 1_000

Key = tuple[UUID, int]


class InsertionStory(Witness):
    """An observer that logs each text once, when it is inserted or held."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recognised: dict[Key, float] = {}

    def began(self, session: UUID, segment: int) -> None:
        """Do nothing: the client logs this event."""

    completed = queued = began

    def recognised(self, session: UUID, segment: Segment) -> None:
        """Start measuring how long the text waits."""
        self._recognised[session, segment.index] = self._clock()
        if len(self._recognised) > _MOST:
            del self._recognised[next(iter(self._recognised))]

    def inserted(self, session: UUID, segment: int) -> None:
        """Log that the text was inserted."""
        self._tell(LogEvent.TEXT_INSERTED, session, segment)

    def held(self, session: UUID, segment: int) -> None:
        """Log that the text is held for the user."""
        self._tell(LogEvent.TEXT_HELD, session, segment)

    def cancelled(self, session: UUID) -> None:
        """Do nothing: what was not inserted is forgotten when the take is closed."""

    def closed(self, session: UUID) -> None:
        """Forget the remaining texts of this take."""
        for key in [key for key in self._recognised if key[0] == session]:
            del self._recognised[key]

    discarded = closed

    def _tell(self, event: LogEvent, session: UUID, segment: int) -> None:
        since = self._recognised.pop((session, segment), None)
        waited = {} if since is None else {"after_ms": round((self._clock() - since) * 1000)}
        log.info(event, session=str(session), segment=segment, **waited)
