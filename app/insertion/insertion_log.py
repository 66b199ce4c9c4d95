"""Log when a text was inserted or held, and how long it had waited since its recognition."""

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from app.core.segment_observer import SegmentEvent, SegmentStep
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.APP_INSERTION_STORY

_MOST: Final = 1_000


class InsertionLog:
    """An observer that logs each text once, when it is inserted or held."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recognised: dict[tuple[UUID, int | None], float] = {}

    def observe(self, event: SegmentEvent) -> None:
        """Log that a text was inserted or held, and forget the rest of takes that end."""
        match event.step:
            case SegmentStep.RECOGNISED:
                self._recognised[event.session, event.segment] = self._clock()
                if len(self._recognised) > _MOST:
                    del self._recognised[next(iter(self._recognised))]
            case SegmentStep.INSERTED:
                log.info(LogEvent.TEXT_INSERTED, **self._fields(event))
            case SegmentStep.HELD:
                log.info(LogEvent.TEXT_HELD, **self._fields(event))
            case SegmentStep.CLOSED | SegmentStep.DISCARDED:
                for known in [known for known in self._recognised if known[0] == event.session]:
                    del self._recognised[known]

    def _fields(self, event: SegmentEvent) -> dict[str, object]:
        since = self._recognised.pop((event.session, event.segment), None)
        waited = {} if since is None else {"after_ms": round((self._clock() - since) * 1000)}
        return {"session": str(event.session), "segment": event.segment, **waited}
