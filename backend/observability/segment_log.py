"""Events of accepted speech for the log: one line per ended segment, and one per unusual event.

Offsets are milliseconds of this gateway's own clock since the segment's first frame.
"""

from collections.abc import Callable, Sequence
from typing import Any

from backend.sessions.observers import Conclusion, Observer
from backend.sessions.segments import SegmentHistory
from protocol.audio import samples_to_ms, samples_to_seconds
from protocol.session import Busy, Done, Error, Failed, GatewayMessage, Missing, Partial, Queued, Welcome
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.logs import timestamp, write_gathered

log = loggers.BACKEND_STORY

Write = Callable[[str, list[dict[str, Any]]], None]
"""Takes the logger's name, and its lines."""


class SegmentLog(Observer):
    """Observer that writes the log. ``gateway``: id of this gateway. ``write``: receiver of segment lines."""

    def __init__(self, gateway: str, write: Write = write_gathered) -> None:
        self._gateway = gateway
        self._write = write
        self._resumed = False

    def bound(self, session: str, resumed: bool) -> None:
        """Note whether the session was resumed; the welcome that follows at once is logged."""
        self._resumed = resumed

    def message_sent(self, session: str, message: GatewayMessage) -> None:
        """Log messages that not every segment causes."""
        match message:
            case Queued() | Partial() | Busy():
                return
            case Welcome(segments=theirs):
                held = {"held": len(theirs.receiving), "queued": len(theirs.queued), "ended": len(theirs.ended)}
                self._say(LogEvent.SESSION_RESUMED if self._resumed else LogEvent.SESSION_STARTED, session, **held)
            case Missing(segment, start):
                self._say(LogEvent.SEGMENT_AUDIO_MISSING, session, segment=segment, from_ms=samples_to_ms(start))
            case Error(code, reason):
                self._say(LogEvent.SESSION_ERROR_SENT, session, code=code, reason=reason)
            case Done(segments):
                self._say(LogEvent.SESSION_DONE, session, segments=segments)

    def concluded(self, conclusions: Sequence[Conclusion]) -> None:
        """Write one line per outcome, all together."""
        self._write(log.name, [self._line(conclusion) for conclusion in conclusions])

    def cancelled(self, session: str, segment: int) -> None:
        """Log a cancelled segment."""
        self._say(LogEvent.SEGMENT_CANCELLED, session, segment=segment)

    def _line(self, conclusion: Conclusion) -> dict[str, Any]:
        outcome, history = conclusion.outcome, conclusion.history
        line: dict[str, Any] = {
            "session": conclusion.session,
            "gateway": self._gateway,
            "segment": outcome.segment,
            "attempt": history.attempt,
            "audio_ms": samples_to_ms(history.samples),
            **_offsets(history, conclusion.at),
        }
        if isinstance(outcome, Failed):
            line |= {"outcome": outcome.code, "attempt": outcome.attempt, "retryable": outcome.retryable}
        else:
            line |= {"outcome": "final", "worker": outcome.worker, "model": outcome.model}
            line |= {"queue_ms": outcome.timing.queue, "decode_ms": outcome.timing.decode}
        return line | {"timestamp": timestamp(conclusion.wall), "event": LogEvent.SEGMENT_CONCLUDED}

    def _say(self, event: LogEvent, session: str, **said: Any) -> None:
        log.info(event, session=session, gateway=self._gateway, **said)


def _offsets(history: SegmentHistory, now: float) -> dict[str, Any]:
    """Return the offsets of a segment; empty if another gateway received it."""
    if not history.completed:
        return {}
    origin = history.began or history.completed
    times = {"complete": history.completed, "queued": history.queued, "requeued": history.requeued, "told": now}
    offsets: dict[str, Any] = {name: round((at - origin) * 1000) for name, at in times.items() if at}
    if history.ahead:
        offsets["ahead_s"] = round(samples_to_seconds(history.ahead), 1)
    if history.early:
        offsets["early"] = True
    return offsets
