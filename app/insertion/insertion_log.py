"""Log when a text was inserted or held, and how long it had waited since its recognition."""

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from app.core.segment_observer import SegmentEvent, SegmentStep
from runtime import logger_names
from runtime.event_names import LogEvent

log = structlog.get_logger(logger_names.APP_INSERTION_STORY)

_MOST: Final = 1_000
_LOGGED: Final = {SegmentStep.INSERTED: LogEvent.TEXT_INSERTED, SegmentStep.HELD: LogEvent.TEXT_HELD}


class InsertionLog:
    """An observer that logs each text once, when it is inserted or held."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recognised: dict[tuple[UUID, int | None], float] = {}

    def observe(self, event: SegmentEvent) -> None:
        """Log that a text was inserted or held, and forget the rest of takes that end."""
        key = event.session, event.segment
        match event.step:
            case SegmentStep.RECOGNISED:
                self._recognised[key] = self._clock()
                if len(self._recognised) > _MOST:
                    del self._recognised[next(iter(self._recognised))]
            case SegmentStep.INSERTED | SegmentStep.HELD as step:
                since = self._recognised.pop(key, None)
                waited = {} if since is None else {"after_ms": round((self._clock() - since) * 1000)}
                log.info(_LOGGED[step], session=str(event.session), segment=event.segment, **waited)
            case SegmentStep.CLOSED | SegmentStep.DISCARDED:
                for known in [known for known in self._recognised if known[0] == event.session]:
                    del self._recognised[known]
