"""One segment as the gateway sees it, and what its session asks of the world. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final as Constant
from typing import NamedTuple

from backend.records import Record
from protocol.audio import BYTES_PER_SAMPLE
from protocol.errors import CloseCode, ErrorCode, OutOfOrder
from protocol.job import EndState, Job, Result
from protocol.recognition import Timing
from protocol.session import Failed, Final, GatewayMessage


class Submit(NamedTuple):
    """Put this segment into its stream; the reply goes to ``Session.submitted``."""

    job: Job


class Speculate(NamedTuple):
    """Have this beginning of a segment decoded, if that makes nobody wait; ``Session.speculated`` if it is not."""

    job: Job


class Promote(NamedTuple):
    """The speculation was right: make it the job; the reply goes to ``Session.promoted``."""

    segment: int
    attempt: int
    samples: int


class Hypothesise(NamedTuple):
    """Ask what this beginning of a segment may say; ``Session.declined`` if nobody is asked."""

    job: Job


class Withdraw(NamedTuple):
    """The client cancelled this segment. ``sent``: the broker may know it."""

    segment: int
    attempt: int
    sent: bool = True


class Acknowledge(NamedTuple):
    """The client has this segment's result."""

    segment: int


class LookAgain(NamedTuple):
    """Read these segments in the broker; the reply goes to ``Session.reread``."""

    segments: tuple[int, ...]


class AttachAgain(NamedTuple):
    """The broker forgot the session; the reply goes to ``Session.reattached``."""


class Close(NamedTuple):
    """End the connection, after what was sent before."""

    code: CloseCode


Effect = Submit | Speculate | Promote | Hypothesise | Withdraw | Acknowledge | LookAgain | AttachAgain
Output = GatewayMessage | Effect | Close


_SMALL: Constant = 2_048


class Stage(Enum):
    """A segment goes forward through these; a lost job or a failed attempt makes it start again."""

    RECEIVING = auto()
    SUBMITTED = auto()  # complete, on its way to the broker
    QUEUED = auto()  # in the broker
    ENDED = auto()


class Course(NamedTuple):
    """How a segment went, for whoever observes. Times as in ``Segment``; 0: not seen here.

    ``queued``: when the broker had it first, ``requeued`` when last, if it was queued again; ``ahead``: samples
    that were before it then; ``early``: decoded before it was complete, ``queued`` says since when.
    """

    samples: int
    attempt: int
    began: float
    completed: float
    queued: float
    requeued: float
    ahead: int
    early: bool


class Speculation(NamedTuple):
    """Up to which sample the segment is being decoded, and since when."""

    samples: int
    at: float


@dataclass(slots=True)
class Segment:
    """``samples`` is the length once it is complete. Times are the gateway's monotonic clock, in seconds.

    ``held`` counts the samples that need no resending.
    ``asked`` is the position from which audio was last asked for, so that it is asked once per gap.
    ``speculation`` may have failed, been dropped or be lost: whether there is one shows when it is promoted.
    ``told`` is the outcome until the client has received it; ``text`` stays. A failure stays, ``received`` or not:
    who comes back may begin a higher attempt. ``sent``: the broker may know the segment. ``guesses`` counts the
    speculations of one attempt. ``began``, ``first_queued``, ``ahead`` and ``sent`` outlast a restart.
    """

    attempt: int = 0
    stage: Stage = Stage.RECEIVING
    pcm: list[bytes | memoryview] = field(default_factory=list)
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
    told: Final | Failed | None = None
    received: bool = False
    text: str = ""

    @property
    def unqueued(self) -> int:
        """Samples that only this gateway and the client have."""
        return 0 if self.stage in (Stage.QUEUED, Stage.ENDED) else self.held

    @property
    def unreceived(self) -> bool:
        """Whether the client has yet to say that it has the outcome."""
        return self.told is not None and not self.received

    def settled(self, attempt: int) -> bool:
        """Whether it ended for good, as far as news of this attempt are concerned."""
        return self.stage is Stage.ENDED and not (self.state is EndState.FAILED and attempt > self.attempt)

    def restart(self, attempt: int) -> None:
        """Start to receive from nothing."""
        self.began, self.first_queued = self.began or self.first_frame, self.first_queued or self.queued
        self.attempt, self.stage, self.pcm = attempt, Stage.RECEIVING, []
        self.held, self.samples, self.asked = 0, None, -1
        self.state, self.told, self.received, self.text, self.speculation = None, None, False, "", None
        self.first_frame = self.completed = self.queued = 0.0
        self.early, self.guesses = False, 0

    def append(self, pcm: bytes | memoryview, samples: int) -> None:
        """More audio. Frames are kept as they came; small ones are put together, or they would cost their list."""
        if self.pcm and len(pcm) < _SMALL and len(self.pcm[-1]) < _SMALL:
            self.pcm[-1] = bytes(self.pcm[-1]) + pcm
        else:
            self.pcm.append(pcm)
        self.held += samples

    def beginning(self, samples: int) -> bytes:
        """The first samples of what is held."""
        return b"".join(self.pcm)[: samples * BYTES_PER_SAMPLE]

    def speculate(self, samples: int, now: float) -> None:
        """It is decoded up to here."""
        self.speculation, self.sent = Speculation(samples, now), True
        self.guesses += 1

    def complete(self, samples: int, now: float) -> None:
        """No more comes, and no more than this is wanted."""
        self.sent = True
        self.pcm = [self.beginning(samples)]
        self.stage, self.completed = Stage.SUBMITTED, now
        self.held = self.samples = samples

    def hand_over(self) -> bytes:
        """The whole of it, to be submitted; a speculation does not count any more."""
        pcm = b"".join(self.pcm)
        self.pcm, self.speculation = [], None
        return pcm

    def enqueue(self, attempt: int, now: float, ahead: int = 0) -> None:
        """The broker has it: as long as it has the speculation that became the job."""
        if self.stage is Stage.QUEUED and attempt == self.attempt:
            return  # that is known
        self.samples = None if self.stage is Stage.RECEIVING else self.samples
        self.sent = True
        self.queued = now if self.speculation is None else self.speculation.at
        self.early, self.ahead = self.speculation is not None, ahead
        self.attempt, self.stage, self.pcm, self.speculation = attempt, Stage.QUEUED, [], None

    def end(self, index: int, record: Record, now: float) -> None:
        """It ended; ``told`` is then what the client has yet to be told."""
        ended, outcome = record.end, record.outcome
        if ended is None:
            return
        self.samples = None if self.stage is Stage.RECEIVING else self.samples
        self.sent |= ended.state is not EndState.CANCELLED
        self.attempt, self.state, self.stage, self.pcm = ended.attempt, ended.state, Stage.ENDED, []
        self.text, self.told, self.received = record.text or "", None, False
        if isinstance(outcome, Result):
            self.text = outcome.text
            self.told = _final(index, outcome, self._timing(outcome, now))
        elif outcome is not None:
            self.told = Failed(
                index, outcome.code, outcome.message, attempt=outcome.attempt, retryable=outcome.retryable
            )
        elif ended.state is EndState.FAILED:  # received when versions before this one kept no more of it
            self.told = Failed(index, ErrorCode.INTERNAL, "it failed", attempt=ended.attempt, retryable=True)
        if self.speculation is not None:
            self.early, self.queued = True, self.speculation.at
        self.speculation = None

    def receive(self) -> None:
        """The client has the outcome."""
        self.received = True
        if isinstance(self.told, Final):
            self.told = None

    def course(self) -> Course:
        """How it went until now."""
        first = self.first_queued or self.queued
        return Course(
            self.samples or 0,
            self.attempt,
            self.began or self.first_frame,
            self.completed,
            first,
            self.queued if self.queued > first else 0.0,
            self.ahead,
            self.early,
        )

    def _timing(self, result: Result, now: float) -> Timing:
        upload = self.completed - self.first_frame if self.completed and self.first_frame else 0.0
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
    """Answer a frame of a complete segment: known, or a mistake where it lies behind the segment's end."""
    if size and segment.samples is not None and offset >= segment.samples:
        raise OutOfOrder(f"segment {index} is closed: it ended after {segment.samples} samples")
    return ()


def outcome(index: int, segment: Segment) -> Sequence[Output]:
    """Return what the client of an ended segment is told again."""
    if segment.told is not None:
        return [segment.told]
    return [Final(index, segment.text)] if segment.state is EndState.FINAL else ()
