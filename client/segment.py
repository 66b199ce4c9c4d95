"""Segment of a client session that has not ended, and the message that it sends next. Pure."""

from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import asdict

from protocol.audio import FRAME_SAMPLES
from protocol.session import PLAIN, ClientMessage, SegmentBegin, SegmentDetails, SegmentEnd, SegmentSpeculate


class AudioPiece(NamedTuple):
    """Samples to read from the audio store and send as one frame."""

    segment: int
    offset: int
    samples: int


Outgoing = ClientMessage | AudioPiece


@dataclass
class OpenSegment:
    """Segment that has not ended. ``attempt_unknown``: the gateway holds an attempt of it, perhaps an earlier one.

    ``retries``: attempts begun here after a failure. ``tried``: this process has sent its beginning or its end.
    ``speculated``: samples at a possible end; ``speculation_due``: the gateway does not know it yet.
    """

    at_ms: int
    details: SegmentDetails = PLAIN
    held: int = 0
    complete: bool = False
    attempt: int = 0
    retries: int = 0
    tried: bool = False
    begun: bool = False
    sent: int = 0
    end_sent: bool = False
    attempt_unknown: bool = False
    speculated: int = 0
    speculation_due: bool = False

    def next(self, number: int) -> Outgoing | None:
        """Return the message to send next for this segment, which has this ``number``."""
        if not self.begun:
            return SegmentBegin(number, self.at_ms, self.attempt, **asdict(self.details))
        ready = self.held - self.sent
        if ready >= FRAME_SAMPLES or (ready and (self.complete or self.speculation_due)):
            return AudioPiece(number, self.sent, min(ready, FRAME_SAMPLES))
        if self.speculation_due:
            return SegmentSpeculate(number, self.speculated)
        if self.complete and not self.end_sent:
            return SegmentEnd(number, self.held)
        return None

    def mark_sent(self, outgoing: Outgoing) -> None:
        """Record that a message without audio is sent."""
        match outgoing:
            case SegmentBegin():
                self.begun, self.tried, self.attempt_unknown = True, True, False
            case SegmentSpeculate():
                self.speculation_due = False
            case SegmentEnd():
                self.end_sent = self.tried = True
