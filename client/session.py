"""Client session: state and next message. No clock, no input or output.

The speaker's side calls ``begin``, ``append``, ``speculate``, ``end``, ``cancel`` and ``finish``; the connection's
side calls ``hello``, ``receive``, ``next`` and ``reset_connection``. ``next`` is called only when the connection
can accept more, so no queued message can become stale through a ``missing`` or a reconnect.

A segment moves through: held -> on the wire -> queued -> ended. Until it has ended it may always go back: another
gateway, a lost job or a failed attempt restarts it from the held audio. It ends once, with the first result.

A speculation (a possible end of a segment) is sent at most once and only while it may be true. More audio, the
end itself or anything that makes the segment go back withdraws it.
"""

from collections import deque
from typing import Final as Constant
from typing import NamedTuple
from uuid import UUID

from client.events import Outcome, Retrying, SessionEvent
from client.segment import AudioPiece, OpenSegment, Outgoing
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import (
    PLAIN,
    Busy,
    ClientMessage,
    Done,
    Error,
    Failed,
    Final,
    Finish,
    GatewayMessage,
    HeldSegments,
    Hello,
    Limits,
    Missing,
    MoreHeld,
    Partial,
    Queued,
    Received,
    SegmentCancel,
    SegmentDetails,
    Welcome,
)

MOST_ATTEMPTS: Constant = 3
_MOST_PIECES: Constant = 1_024


class _Theirs(NamedTuple):
    """Segments of the session that the gateway has."""

    receiving: dict[int, int]
    queued: frozenset[int]
    ended: frozenset[int]


class Session:
    """State of one session with any gateway. Not thread-safe; used by one connection at a time."""

    def __init__(
        self, session: UUID, options: Options, client: str = "", *, resume: bool = False, instance: str = ""
    ) -> None:
        self.id = session
        self.error: Error | None = None
        self.done: Done | None = None
        self._options = options
        self._client = client
        self._limits = Limits()
        self.greeted = resume  # a gateway may already know the session
        self._instance = instance
        self._hellos = 0
        self._welcomed = False
        self._takes_spans = False
        self._pieces: list[HeldSegments] = []  # parts of a welcome that is not complete yet
        self._active: dict[int, OpenSegment] = {}  # every segment without a result, in order
        self._unqueued: dict[int, OpenSegment] = {}  # active segments that the broker does not have yet
        self._owed: set[int] = set()  # active segments that had ended at the last welcome
        self._on_wire = 0  # samples sent of the unqueued segments
        self.held_samples = 0  # of the active segments: they may have to be sent again
        self._settled: set[int] = set()
        self._stored: set[int] = set()
        self._notes: deque[ClientMessage] = deque()  # at most one per segment and connection
        self._count = 0
        self._finishing = False
        self._finish_sent = False

    # -- the speaker's side --------------------------------------------------------------------------------

    def begin(self, segment: int, at_ms: int, details: SegmentDetails = PLAIN) -> None:
        """Start a segment. Numbers go up by one from 0; raises ``ValueError`` for any other number."""
        if segment != self._count or self._finishing:
            raise ValueError(f"segment {segment} cannot begin: {self._count} is next, finishing={self._finishing}")
        self._count += 1
        self._active[segment] = self._unqueued[segment] = OpenSegment(at_ms, details)
        if details.replaces:
            self._unqueued = _by_urgency(self._unqueued)

    def append(self, segment: int, samples: int) -> None:
        """Record that the store holds ``samples`` more of this segment. Ignored once it has ended."""
        if known := self._active.get(segment):
            known.held += samples
            self.held_samples += samples
            if samples:
                known.speculated, known.speculation_due = 0, False

    def speculate(self, segment: int) -> None:
        """Mark the held audio as possibly complete.

        Ignored without a connection, because it could not be sent soon.
        """
        known = self._active.get(segment)
        if known and self._welcomed and not known.complete and known.held > known.speculated:
            known.speculated, known.speculation_due = known.held, True

    def end(self, segment: int) -> None:
        """Mark the segment as complete."""
        if known := self._active.get(segment):
            known.complete = True
            known.speculation_due = False

    def cancel(self, segment: int) -> int:
        """Cancel a segment: no result will be reported. Return the samples that were held of it."""
        known = self._active.get(segment)
        if known is None:
            return 0
        self._settle(segment)
        self._stored.add(segment)
        self._note(SegmentCancel(segment))
        return known.held

    def finish(self) -> None:
        """Declare that no more segments follow. ``finished`` becomes true once every one of them has ended."""
        self._finishing = True

    def confirm_stored(self, segment: int) -> None:
        """Record that the result of this segment is stored here: the gateway may forget it."""
        self._stored.add(segment)
        self._note(Received(segment))

    @property
    def finished(self) -> bool:
        """True when no more segments follow and every one has ended."""
        return self._finishing and not self._active

    @property
    def open(self) -> tuple[int, ...]:
        """Segments without a result, in order."""
        return tuple(self._active)

    @property
    def owed(self) -> bool:
        """True while the gateway has not sent every result that it had at its welcome."""
        return self._welcomed and bool(self._owed)

    def is_open(self, segment: int) -> bool:
        """Return whether the segment has begun and has no result."""
        return segment in self._active

    @property
    def unsent_samples(self) -> int:
        """Samples that only this side has so far: the basis of "N s unsent". A span only repeats audio."""
        own = (segment for segment in self._unqueued.values() if not segment.details.replaces)
        return sum(segment.held - segment.sent for segment in own)

    # -- the connection's side -----------------------------------------------------------------------------

    @property
    def spans(self) -> bool:
        """True while connected to a gateway that accepts segments which replace others."""
        return self._welcomed and self._takes_spans

    def hello(self) -> Hello:
        """Return the first message of a connection. From the second one on, it asks to ``resume``."""
        hello = Hello(
            self.id,
            client=self._client,
            options=self._options,
            resume=self.greeted,
            instance=self._instance,
            connection=self._hellos,
            pieces=True,
        )
        self.greeted = True
        self._hellos += 1
        return hello

    def reset_connection(self) -> None:
        """Reset what was sent on a lost connection; the next ``welcome`` says what arrived."""
        self._welcomed = False
        self._finish_sent = False
        self._pieces = []
        self._notes.clear()
        for segment in self._unqueued.values():
            self._restart(segment)

    def next(self) -> Outgoing | None:
        """Return the message to send now, or ``None`` until something changes. The caller must send it."""
        if not self._welcomed:
            return None
        if self._notes:
            return self._notes.popleft()
        oldest = True
        for number, segment in self._unqueued.items():
            if (outgoing := segment.next(number)) is not None:
                samples = outgoing.samples if isinstance(outgoing, AudioPiece) else 0
                if not oldest and self._on_wire + samples > self._limits.window_s * SAMPLE_RATE:
                    return None
                segment.sent += samples
                self._on_wire += samples
                if not samples:
                    segment.mark_sent(outgoing)
                return outgoing
            oldest = False
        if self._finishing and not self._finish_sent and not self._active:
            self._finish_sent = True
            return Finish(self._count)
        return None

    def receive(self, message: GatewayMessage) -> list[SessionEvent]:
        """Process a gateway's message; return the events for the speaker's side."""
        match message:
            case Welcome() | MoreHeld():
                self._hold(message)
            case Queued():
                return self._handle_queued(message)
            case Missing():
                self._missing(message)
            case Final():
                return self._result(message)
            case Failed():
                return self._handle_failed(message)
            case Partial():
                return [message] if message.segment in self._active else []
            case Busy():
                return [message]
            case Done():
                self.done = message if self.finished else None
            case Error():
                self.error = message
        return []

    # -- next message --------------------------------------------------------------------------------------

    def _note(self, message: ClientMessage) -> None:
        """Send a message if connected; otherwise the next ``welcome`` shows whether it is still needed."""
        if self._welcomed:
            self._notes.append(message)

    # -- received messages ---------------------------------------------------------------------------------

    def _hold(self, message: Welcome | MoreHeld) -> None:
        """Collect the segments that the gateway holds, message by message."""
        if isinstance(message, Welcome):
            self._limits, self._takes_spans, self._pieces = message.limits, message.spans, []
        elif not self._pieces:
            return  # no welcome is in progress
        self._pieces.append(message.segments)
        if not message.more or len(self._pieces) >= _MOST_PIECES:
            self._welcome(self._pieces)
            self._pieces = []

    def _welcome(self, pieces: list[HeldSegments]) -> None:
        self._welcomed = True
        theirs = _Theirs(
            {number: samples for piece in pieces for number, samples in piece.receiving.items()},
            frozenset(number for piece in pieces for number in piece.queued),
            frozenset(number for piece in pieces for number in piece.ended),
        )
        self._owed = set(theirs.ended.intersection(self._active))
        self._unqueued = _by_urgency(self._active)
        self._on_wire = sum(segment.sent for segment in self._unqueued.values())
        for number, segment in self._active.items():
            self._restart(segment)
            if number in theirs.ended or number in theirs.queued:
                segment.attempt_unknown = True
                self._leave_wire(number)
            elif number in theirs.receiving:
                segment.begun = segment.attempt_unknown = True
                self._rewind(segment, min(theirs.receiving[number], segment.held))
        # A gateway that does not know the segments settled here could never answer `finish`.
        self._notes.extend(SegmentCancel(number) for number in sorted(self._settled.difference(theirs.ended)))

    def _handle_queued(self, message: Queued) -> list[SessionEvent]:
        segment = self._unqueued.get(message.segment)
        if segment is None or not segment.end_sent:
            return []  # a repeat from before the segment was restarted
        self._leave_wire(message.segment)
        return [message]

    def _missing(self, message: Missing) -> None:
        segment = self._active.get(message.segment)
        if segment is None:
            if message.segment in self._settled:
                self._note(SegmentCancel(message.segment))
            return
        self._return_to_wire(message.segment, segment)
        segment.end_sent = segment.speculation_due = False
        segment.begun = message.from_ > 0
        self._rewind(segment, min(message.from_, segment.sent))

    def _result(self, outcome: Outcome) -> list[SessionEvent]:
        if outcome.segment in self._active:
            self._settle(outcome.segment)
            return [outcome]
        if outcome.segment in self._stored:
            self._note(Received(outcome.segment))  # the first acknowledgement was lost on the way
        return []

    def _handle_failed(self, failed: Failed) -> list[SessionEvent]:
        segment = self._active.get(failed.segment)
        if segment is None:
            return self._result(failed)
        if failed.attempt < segment.attempt:
            if segment.attempt_unknown:
                self._return_to_wire(failed.segment, segment)
                self._restart(segment)
            return []
        earlier = failed.segment in self._owed and not segment.tried  # it failed for an earlier process
        if not (failed.retryable or earlier) or segment.retries + 1 >= MOST_ATTEMPTS:
            return self._result(failed)
        segment.retries += 1
        segment.attempt = failed.attempt + 1
        self._return_to_wire(failed.segment, segment)
        self._restart(segment)
        return [Retrying(failed.segment, segment.attempt, failed.code)]

    # -- moving a segment ----------------------------------------------------------------------------------

    def _settle(self, number: int) -> None:
        self._leave_wire(number)
        self._owed.discard(number)
        self.held_samples -= self._active.pop(number).held
        self._settled.add(number)

    def _leave_wire(self, number: int) -> None:
        if segment := self._unqueued.pop(number, None):
            self._on_wire -= segment.sent

    def _return_to_wire(self, number: int, segment: OpenSegment) -> None:
        self._owed.discard(number)
        if number not in self._unqueued:
            self._unqueued[number] = segment
            self._unqueued = _by_urgency(self._unqueued)
            self._on_wire += segment.sent

    def _restart(self, segment: OpenSegment) -> None:
        segment.begun = segment.end_sent = segment.attempt_unknown = segment.speculation_due = False
        self._rewind(segment, 0)

    def _rewind(self, segment: OpenSegment, sent: int) -> None:
        self._on_wire += sent - segment.sent
        segment.sent = sent


def _by_urgency(segments: dict[int, OpenSegment]) -> dict[int, OpenSegment]:
    """Return segments in the order of sending: spans first, because their text is awaited, then by number."""
    return dict(sorted(segments.items(), key=lambda each: (not each[1].details.replaces, each[0])))
