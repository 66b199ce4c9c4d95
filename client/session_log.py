"""Log of each segment's progress: one line when its result is stored, one for each unusual event.

Offsets are ms of this process's own clock since the segment began here.
"""

from dataclasses import dataclass
from typing import Any

from client.events import Outcome, Retrying, SessionEvent
from protocol.audio import samples_to_ms
from protocol.session import Busy, Failed, Final, GatewayMessage, Missing, Queued, Welcome
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.CLIENT_STORY


@dataclass
class _Spoken:
    """Last time of each step of a segment; 0: not yet. ``sends``: how often its end was sent."""

    began: float
    ended: float = 0.0
    sent: float = 0.0
    sends: int = 0
    queued: float = 0.0
    final: float = 0.0


class SessionLog:
    """Progress log of one session. Tracks only segments without a result. Time comes in as a value."""

    def __init__(self, session: str, now: float) -> None:
        self._session = session
        self._spoken: dict[int, _Spoken] = {}
        self._away_since = now
        self._connections = 0

    # -- a segment -----------------------------------------------------------------------------------------

    def note_begin(self, segment: int, now: float) -> None:
        """Record that a segment has begun."""
        self._spoken[segment] = _Spoken(now)

    def note_complete(self, segment: int, now: float) -> None:
        """Record that a segment is complete."""
        if spoken := self._spoken.get(segment):
            spoken.ended = now

    def note_sent(self, segment: int, now: float) -> None:
        """Record that all of a segment was passed to the connection."""
        if spoken := self._spoken.get(segment):
            spoken.sent, spoken.sends = now, spoken.sends + 1

    def note_event(self, event: SessionEvent, now: float) -> None:
        """Record an event that the session reported."""
        match event:
            case Queued(segment):
                if spoken := self._spoken.get(segment):
                    spoken.queued = now
            case Retrying(segment, attempt, code):
                self._say(LogEvent.SEGMENT_RETRIED, segment=segment, attempt=attempt, code=code)
            case Busy(reason, accepting=accepting, eta_ms=eta_ms):
                self._say(LogEvent.GATEWAY_BUSY, reason=reason, accepting=accepting, eta_ms=eta_ms)
            case Final(segment) | Failed(segment):
                if spoken := self._spoken.get(segment):
                    spoken.final = now

    def log_result(self, outcome: Outcome, now: float) -> None:
        """Log the segment's line: its result is stored on this side."""
        spoken = self._spoken.pop(outcome.segment, None) or _Spoken(now)
        names = ("ended", "sent", "queued", "final")
        times: dict[str, Any] = {name: getattr(spoken, name) for name in names}
        said = {name: round((at - spoken.began) * 1000) for name, at in times.items() if at}
        said["kept"] = round((now - spoken.began) * 1000)
        if spoken.sends > 1:
            said["sends"] = spoken.sends
        result = outcome.code.value if isinstance(outcome, Failed) else "final"
        self._say(LogEvent.SEGMENT_ENDED, segment=outcome.segment, outcome=result, **said)

    def log_cancellation(self, segment: int) -> None:
        """Log that the speaker cancelled a segment."""
        if self._spoken.pop(segment, None):
            self._say(LogEvent.SEGMENT_CANCELLED, segment=segment)

    # -- the connection ------------------------------------------------------------------------------------

    def log_message(self, message: GatewayMessage, now: float) -> None:
        """Log gateway messages that cause no event."""
        if isinstance(message, Missing):
            start = samples_to_ms(message.from_)
            self._say(LogEvent.SEGMENT_AUDIO_MISSING, segment=message.segment, from_ms=start)
        elif isinstance(message, Welcome):
            theirs = message.segments
            held = {"held": len(theirs.receiving), "queued": len(theirs.queued), "ended": len(theirs.ended)}
            event = LogEvent.GATEWAY_RECONNECTED if self._connections else LogEvent.GATEWAY_CONNECTED
            away_ms = round((now - self._away_since) * 1000)
            self._say(event, gateway=message.gateway, durable=message.durable, away_ms=away_ms, **held)
            self._connections += 1
            self._away_since = 0.0

    def log_loss(self, reason: str, retry_in_s: float, asked_s: float, now: float) -> None:
        """Log a lost or failed connection. ``asked_s``: the delay that the gateway asked for."""
        self._away_since = self._away_since or now
        away_ms, retry = round((now - self._away_since) * 1000), {"retry_in_s": round(retry_in_s, 2)}
        asked = {"asked_s": asked_s} if asked_s else {}
        self._say(LogEvent.GATEWAY_LOST, reason=reason, away_ms=away_ms, **retry, **asked)

    def log_failure(self, reason: str) -> None:
        """Log that the session cannot continue."""
        self._say(LogEvent.SESSION_GIVEN_UP, reason=reason, segments=len(self._spoken))

    def _say(self, event: LogEvent, **said: Any) -> None:
        log.info(event, session=self._session, **said)
