"""State of one segment in the gateway, and the effects that its session requests. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final as Constant
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from backend.broker.records import Record
from protocol.audio import BYTES_PER_SAMPLE
from protocol.errors import CloseCode, ErrorCode, OutOfOrder
from protocol.job import EndState, Job, JobKind, Result
from protocol.recognition import Options, Timing
from protocol.session import PLAIN, Failed, Final, GatewayMessage, SegmentDetails


class Submit(Struct, frozen=True):
    """Request to put a segment into its stream; the reply goes to ``GatewaySession.submitted``.

    ``due``: when its text must be there, or the gateway refuses it (``GatewaySession.refuse``).
    """

    job: Job
    due: float | None = None


class RefuseIfLate(Struct, frozen=True):
    """Request to refuse a begun span (``GatewaySession.refuse``) if its text cannot be there when it is due."""

    segment: int
    attempt: int
    samples: int
    due: float


class Speculate(Struct, frozen=True):
    """Request to decode a beginning with spare capacity; refusals go to ``GatewaySession.speculated``."""

    job: Job


class Promote(Struct, frozen=True):
    """Request to turn a correct speculation into the job; the reply goes to ``GatewaySession.promoted``.

    If ``samples`` differs from the speculation's, for example 0, the speculation is dropped.
    """

    segment: int
    attempt: int
    samples: int


class Hypothesise(Struct, frozen=True):
    """Request for a hypothesis of a segment's beginning; refusals go to ``GatewaySession.declined``."""

    job: Job


class StreamLive(Struct, frozen=True):
    """Request to a streaming worker, ``inbox`` or any with ``model``. Refusals: ``GatewaySession.declined``."""

    job: Job
    inbox: str
    model: str


class Withdraw(Struct, frozen=True):
    """Notice that the client cancelled a segment. ``sent``: the broker may know the segment."""

    segment: int
    attempt: int
    sent: bool = True


class Acknowledge(Struct, frozen=True):
    """Notice that the client has received a segment's result."""

    segment: int


class ReadAgain(Struct, frozen=True):
    """Request to read segments from the broker; the reply goes to ``GatewaySession.reread``."""

    segments: tuple[int, ...]


class AttachAgain(Struct, frozen=True):
    """Request to attach a session that the broker forgot; the reply goes to ``GatewaySession.reattached``."""


class CloseConnection(Struct, frozen=True):
    """Request to close the connection after all earlier messages are sent."""

    code: CloseCode


BestEffort = Speculate | Hypothesise | StreamLive
Effect = Submit | RefuseIfLate | Promote | BestEffort | Withdraw | Acknowledge | ReadAgain | AttachAgain
Output = GatewayMessage | Effect | CloseConnection


_SMALL: Constant = 2_048


class SegmentStage(Enum):
    """Stages of a segment, in order; a lost job or a failed attempt starts again."""

    RECEIVING = auto()
    SUBMITTED = auto()  # complete, on its way to the broker
    QUEUED = auto()  # in the broker
    ENDED = auto()


class SegmentHistory(NamedTuple):
    """History of a segment, for observers. Times as in ``Segment``; 0: not seen by this gateway.

    ``queued``: when the broker first had it; ``requeued``: when it last did, if it was queued again. ``ahead``:
    samples queued before it at that moment. ``early``: decoding began before it was complete, at ``queued``.
    ``repeated``: samples that are counted with other segments. ``refused``: a span that came too late.
    """

    samples: int
    attempt: int
    began: float
    completed: float
    queued: float
    requeued: float
    ahead: int
    early: bool
    repeated: int = 0
    refused: bool = False


class Speculation(NamedTuple):
    """Speculative decoding of a segment: up to which sample, and since when."""

    samples: int
    at: float


@dataclass(slots=True)
class Segment:
    """State of one segment. ``samples`` is its length once it is complete.

    Times are seconds of the gateway's monotonic clock. ``held`` counts the samples that need no resending.
    ``asked`` is the position of the last request for audio; each gap is requested once. A ``speculation`` may
    have failed or be lost; only its promotion shows whether it exists.

    ``unconfirmed`` is the outcome until the client confirms it; ``text`` stays. A failure stays even when it is
    ``received``, because a returning client may begin a higher attempt. ``sent``: the broker may know the
    segment. ``guesses`` counts the speculations of one attempt. ``began``, ``first_queued``, ``ahead`` and
    ``sent`` survive a restart. ``due``, ``refused`` and ``repeated`` belong to spans (``Spans``).
    """

    attempt: int = 0
    details: SegmentDetails = PLAIN
    stage: SegmentStage = SegmentStage.RECEIVING
    pcm: list[bytes] = field(default_factory=list)
    held: int = 0
    samples: int | None = None
    asked: int = -1
    speculation: Speculation | None = None
    first_frame: float = 0.0
    completed: float = 0.0
    queued: float = 0.0
    early: bool = False
    sent: bool = False
    guesses: int = 0
    began: float = 0.0
    first_queued: float = 0.0
    ahead: int = 0
    state: EndState | None = None
    unconfirmed: Final | Failed | None = None
    received: bool = False
    text: str = ""
    due: float | None = None
    refused: bool = False
    repeated: int = 0

    @property
    def unqueued(self) -> int:
        """Samples that only this gateway and the client have."""
        return 0 if self.stage in (SegmentStage.QUEUED, SegmentStage.ENDED) else self.held

    @property
    def unreceived(self) -> bool:
        """True while the client has not confirmed the outcome."""
        return self.unconfirmed is not None and not self.received

    def is_settled(self, attempt: int) -> bool:
        """Return whether news of this attempt can no longer change the segment.

        Another gateway may have accepted a segment that was refused here.
        """
        again = attempt >= self.attempt if self.refused else attempt > self.attempt
        return self.stage is SegmentStage.ENDED and not (self.state is EndState.FAILED and again)

    def restart(self, attempt: int) -> None:
        """Discard all state of the last attempt and receive from the first sample."""
        self.began, self.first_queued = self.began or self.first_frame, self.first_queued or self.queued
        self.attempt, self.stage, self.pcm = attempt, SegmentStage.RECEIVING, []
        self.held, self.samples, self.asked = 0, None, -1
        self.state, self.unconfirmed, self.received, self.text, self.speculation = None, None, False, "", None
        self.first_frame = self.completed = self.queued = 0.0
        self.early, self.guesses, self.refused, self.repeated = False, 0, False, 0

    def describe(self, details: SegmentDetails) -> bool:
        """Store the client's description of the segment. Return whether it differs from the stored one.

        A speculation made with another description is not promoted.
        """
        if details == self.details:
            return False
        self.details, self.speculation = details, None
        return True

    def displace(self) -> bool:
        """Give up the speculation of a segment that has not ended. Return whether there was one."""
        if self.speculation is None or self.stage is not SegmentStage.RECEIVING:
            return False
        self.speculation = None
        return True

    def append(self, pcm: bytes, samples: int) -> None:
        """Append audio. Large frames are kept as they are; small ones are merged to save list entries."""
        if len(pcm) < _SMALL and self.pcm and len(self.pcm[-1]) < _SMALL:
            self.pcm[-1] += pcm
        else:
            self.pcm.append(pcm)
        self.held += samples

    def beginning(self, samples: int) -> bytes:
        """Return the first ``samples`` of the held audio."""
        return b"".join(self.pcm)[: samples * BYTES_PER_SAMPLE]

    def piece(self, begin: int, end: int) -> bytes:
        """Return these samples of the held audio. Only the frames behind ``begin`` are touched."""
        behind, found = self.held, []
        for frame in reversed(self.pcm):
            if behind <= begin:
                break
            found.append(frame)
            behind -= len(frame) // BYTES_PER_SAMPLE
        pcm = b"".join(reversed(found))
        return pcm[(begin - behind) * BYTES_PER_SAMPLE : (end - behind) * BYTES_PER_SAMPLE]

    def job(self, session: str, options: Options, index: int, pcm: bytes, kind: JobKind) -> Job:
        """Return a job for this audio of the segment; its language overrides that of the options."""
        details = self.details
        if details.language:
            options = replace(options, language=details.language)
        samples = len(pcm) // BYTES_PER_SAMPLE
        return Job(session, index, pcm, samples, self.attempt, kind, options, details.gain_db, details.replaces)

    def speculate(self, samples: int, now: float) -> None:
        """Note that the segment is decoded speculatively up to ``samples``."""
        self.speculation, self.sent = Speculation(samples, now), True
        self.guesses += 1

    def complete(self, samples: int, now: float) -> None:
        """Mark the segment as complete and cut it to ``samples``."""
        self.sent = True
        self.pcm = [self.beginning(samples)]
        self.stage, self.completed = SegmentStage.SUBMITTED, now
        self.held = self.samples = samples

    def take_audio(self) -> bytes:
        """Return all audio for submission, and forget it and any speculation."""
        pcm = b"".join(self.pcm)
        self.pcm, self.speculation = [], None
        return pcm

    def enqueue(self, attempt: int, now: float, ahead: int) -> None:
        """Note that the broker has the job; a promoted speculation counts from its own start."""
        if self.stage is SegmentStage.QUEUED and attempt == self.attempt:
            return  # already known
        self.sent = True
        self.queued = now if self.speculation is None else self.speculation.at
        self.early, self.ahead = self.speculation is not None, ahead
        self.attempt, self.stage, self.pcm, self.speculation = attempt, SegmentStage.QUEUED, [], None

    def end(self, index: int, record: Record, now: float) -> None:
        """Record the end; ``unconfirmed`` then holds the outcome that the client has yet to get."""
        ended, outcome = record.end, record.outcome
        assert ended is not None
        self.refused = False
        self.sent |= ended.state is not EndState.CANCELLED
        self.attempt, self.state, self.stage, self.pcm = ended.attempt, ended.state, SegmentStage.ENDED, []
        self.text, self.unconfirmed, self.received = record.text or "", None, False
        if isinstance(outcome, Result):
            self.text = outcome.text
            self.unconfirmed = _final(index, outcome, self._timing(outcome, now))
        elif outcome is not None:
            self.unconfirmed = Failed(
                index, outcome.code, outcome.message, attempt=outcome.attempt, retryable=outcome.retryable
            )
        elif ended.state is EndState.FAILED:  # stored by an earlier version, which kept no details once received
            self.unconfirmed = Failed(
                index, ErrorCode.INTERNAL, "it failed", attempt=ended.attempt, retryable=True
            )
        if self.speculation is not None:
            self.early, self.queued = True, self.speculation.at
        self.speculation = None

    def receive(self) -> None:
        """Note that the client has the outcome."""
        self.received = True
        if isinstance(self.unconfirmed, Final):
            self.unconfirmed = None

    def history(self) -> SegmentHistory:
        """Return the segment's history so far."""
        first = self.first_queued or self.queued
        return SegmentHistory(
            self.samples or 0,
            self.attempt,
            self.began or self.first_frame,
            self.completed,
            first,
            self.queued if self.queued > first else 0.0,
            self.ahead,
            self.early,
            self.repeated,
            self.refused,
        )

    def _timing(self, result: Result, now: float) -> Timing:
        upload = self.completed - self.first_frame if self.first_frame else 0.0
        if self.queued:
            deliver = round((now - self.queued) * 1000) - result.queue_ms - result.decode_ms
        elif self.speculation is not None and self.completed:  # decoded before it was complete
            deliver = round((now - self.completed) * 1000)
        else:
            deliver = 0
        return Timing(max(0, round(upload * 1000)), result.queue_ms, result.decode_ms, max(0, deliver))


def _final(index: int, result: Result, timing: Timing) -> Final:
    return Final(
        index,
        result.text,
        result.language,
        result.words,
        result.model,
        result.worker,
        timing,
        result.emotion,
        result.event,
    )


def resent(index: int, segment: Segment, offset: int, size: int) -> Sequence[Output]:
    """Answer a frame of a complete segment: ignore known samples, reject samples behind its end."""
    if size and segment.samples is not None and offset >= segment.samples:
        raise OutOfOrder(f"segment {index} is closed: it ended after {segment.samples} samples")
    return ()


def outcome(index: int, segment: Segment) -> Sequence[Output]:
    """Return the outcome of an ended segment, to be sent again."""
    if segment.unconfirmed is not None:
        return [segment.unconfirmed]
    return [Final(index, segment.text)] if segment.state is EndState.FINAL else ()
