"""Model of a gateway and its broker, built from a few dictionaries, to test the client's session against.

Samples are not carried: a sample is defined by its segment and offset, so a count of contiguous samples describes
them fully. The text of a segment is its length, so a lost, doubled or moved sample shows.
"""

from collections import deque
from dataclasses import dataclass, field

from client.segment import AudioPiece, Outgoing
from protocol.errors import ErrorCode
from protocol.session import (
    Done,
    Failed,
    Final,
    Finish,
    GatewayMessage,
    HeldSegments,
    Hello,
    Limits,
    Missing,
    Queued,
    Received,
    SegmentBegin,
    SegmentCancel,
    SegmentEnd,
    SegmentSpeculate,
    Welcome,
)

WINDOW_S = 1.0


def text_of(segment: int, samples: int) -> str:
    """Return the text that is recognised in a segment of this length."""
    return f"{segment} has {samples}"


@dataclass
class ModelBroker:
    """Broker that survives gateways. ``ended`` holds a result until ``received``; a failure stays."""

    jobs: dict[int, tuple[int, int]] = field(default_factory=dict)  # segment -> attempt, samples
    ended: dict[int, Final | Failed | None] = field(default_factory=dict)
    failed_attempt: dict[int, int] = field(default_factory=dict)


@dataclass
class ModelGateway:
    """Gateway that takes one message at a time and answers into ``out``; an impossible message fails the test."""

    broker: ModelBroker
    out: deque[GatewayMessage] = field(default_factory=deque)
    receiving: dict[int, tuple[int, int]] = field(default_factory=dict)  # segment -> attempt, samples held
    asked: dict[int, int] = field(default_factory=dict)  # segment -> samples from which it asked for more
    finish: int | None = None

    def take(self, message: Outgoing) -> None:
        """Process one message of the client."""
        match message:
            case Hello():
                self._hello(message)
            case SegmentBegin():
                self._begin(message)
            case AudioPiece():
                self._audio(message)
            case SegmentSpeculate():
                self._speculate(message)
            case SegmentEnd():
                self._end(message)
            case SegmentCancel(number):
                self.receiving.pop(number, None)
                self.broker.jobs.pop(number, None)
                self.broker.ended.setdefault(number, None)
            case Received(number):
                if isinstance(self.broker.ended[number], Final):
                    self.broker.ended[number] = None
            case Finish(segments):
                self.finish = segments
            case _:
                raise AssertionError(f"the client does not say {message}")
        self._say_done()

    def recognise(self, number: int) -> None:
        """Finish the job, as a worker would."""
        _, samples = self.broker.jobs.pop(number)
        self._store(number, Final(number, text_of(number, samples)))

    def fail(self, number: int, retryable: bool) -> None:
        """Let every engine fail on the job."""
        attempt, _ = self.broker.jobs.pop(number)
        self.broker.failed_attempt[number] = attempt
        self._store(number, Failed(number, ErrorCode.ENGINE_FAILED, "no", retryable, attempt))

    def revoke(self, number: int) -> None:
        """Lose the job: the broker neither has it nor its result, so the client must start again."""
        attempt, _ = self.broker.jobs.pop(number)
        self.receiving[number] = (attempt, 0)
        self.out.append(Missing(number, 0))

    def forget_audio(self, number: int) -> None:
        """Lose samples of an open segment on this side; the next frame reveals it."""
        attempt, samples = self.receiving[number]
        self.receiving[number] = (attempt, samples // 2)

    def _store(self, number: int, outcome: Final | Failed) -> None:
        self.broker.ended[number] = outcome
        self.out.append(outcome)
        self._say_done()

    def _hello(self, hello: Hello) -> None:
        self.finish = None
        held = {number: samples for number, (_, samples) in self.receiving.items()}
        state = HeldSegments(held, tuple(self.broker.jobs), tuple(self.broker.ended))
        limits = Limits(window_s=WINDOW_S)
        self.out.append(Welcome(hello.session, "model", True, limits=limits, segments=state))
        self.out.extend(outcome for outcome in self.broker.ended.values() if outcome)

    def _begin(self, begin: SegmentBegin) -> None:
        number = begin.segment
        if begin.attempt > self.broker.failed_attempt.get(number, 2**32):
            self.broker.ended.pop(number)
            del self.broker.failed_attempt[number]
        if number not in self.broker.ended and number not in self.broker.jobs:
            self.receiving.setdefault(number, (begin.attempt, 0))

    def _audio(self, piece: AudioPiece) -> None:
        if piece.segment in self.broker.ended or piece.segment in self.broker.jobs:
            return  # sent again after a ``missing`` that crossed the end
        assert piece.segment in self.receiving, f"audio of a segment that is not open: {piece}"
        attempt, held = self.receiving[piece.segment]
        if piece.offset > held:
            if self.asked.get(piece.segment) != held:  # frames in flight cause no second request
                self._ask(piece.segment, held)
        else:
            self.receiving[piece.segment] = (attempt, max(held, piece.offset + piece.samples))

    def _speculate(self, speculation: SegmentSpeculate) -> None:
        if speculation.segment in self.broker.ended or speculation.segment in self.broker.jobs:
            return
        assert speculation.segment in self.receiving, f"a segment that is not open may end: {speculation}"
        _, held = self.receiving[speculation.segment]
        assert held <= speculation.samples, f"more audio than there may be: {held} of {speculation}"

    def _end(self, end: SegmentEnd) -> None:
        if end.segment in self.broker.ended:
            return
        if end.segment in self.broker.jobs:
            self.out.append(Queued(end.segment))
            return
        assert end.segment in self.receiving, f"end of a segment that is not open: {end}"
        attempt, held = self.receiving[end.segment]
        assert held <= end.samples, f"more audio than the segment has: {held} of {end}"
        if held < end.samples:
            self._ask(end.segment, held)
            return
        del self.receiving[end.segment]
        self.broker.jobs[end.segment] = (attempt, held)
        self.out.append(Queued(end.segment))

    def _ask(self, number: int, held: int) -> None:
        """Ask for what follows the held samples."""
        self.asked[number] = held
        self.out.append(Missing(number, held))

    def _say_done(self) -> None:
        if self.finish is not None and all(number in self.broker.ended for number in range(self.finish)):
            self.out.append(Done(self.finish, ""))
            self.finish = None
