"""State machine of one client session. Pure: inputs and the time come in as values, messages and effects go out.

Client mistakes raise ``ProtocolError`` and leave the session unchanged. The caller carries out the outputs in
order. All inputs may be repeated. A segment ends once per attempt; the first known result is the one the client
gets.
"""

from collections.abc import Mapping, Sequence
from typing import Final as Constant
from uuid import UUID

from backend.admission.live_offers import LiveOffer
from backend.broker.records import Attachment, JobQueued, NothingToPromote, Record, Reread, SessionGone, Submitted
from backend.core.errors import TooBusy
from backend.core.refusal import Refusal, RefusalReason
from backend.sessions.checks import check_replaces, no_room
from backend.sessions.ledger import MOST_OPEN, Ledger, Steps
from backend.sessions.live_text import SessionLiveText
from backend.sessions.partials import PACE, PartialPace
from backend.sessions.segments import (
    Acknowledge,
    AttachAgain,
    CloseConnection,
    Output,
    Promote,
    ReadAgain,
    Segment,
    SegmentHistory,
    SegmentStage,
    Speculate,
    Submit,
    Withdraw,
    outcome,
    resent,
)
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE, samples_to_seconds, split_frame
from protocol.errors import CloseCode, ErrorCode, MessageTooLarge, OutOfOrder
from protocol.job import CLASSES, Detached, Ended, EndState, Failure, Gap, Hypothesis, Job, JobKind, Notice, Result
from protocol.recognition import Options
from protocol.session import (
    ClientMessage,
    Done,
    Error,
    Finish,
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
    details_of,
)

READ_AGAIN_AFTER_S: Constant = 5.0
LINGER_S: Constant = 5.0
_RECEIVING: Constant = SegmentStage.RECEIVING  # looking up a member of an enum is slow
_MOST_GUESSES: Constant = 16
_MOST_DONES: Constant = 8
_CROWDED: Constant = f"{MOST_OPEN} segments wait to be queued: send more when some of them are"

TAKEN_OVER: Constant = "another connection now speaks for this session"
_TAKEN_OVER: Constant = (
    Error(ErrorCode.TAKEN_OVER, TAKEN_OVER),
    CloseConnection(CloseCode.TAKEN_OVER),
)


class GatewaySession:
    """State of one session on one gateway. ``epoch`` counts the hellos that the broker has seen for it."""

    def __init__(self, identity: UUID, options: Options, limits: Limits, pace: PartialPace = PACE) -> None:
        self.identity = str(identity)
        self.options = options
        self.epoch = 0
        self._limits = limits
        self._pace = pace
        self._live: SessionLiveText | None = None
        self._most_of_frame = limits.frame_bytes
        self._most_of_segment = round(limits.segment_s * SAMPLE_RATE)
        # The first unqueued segment of a client may come beside a full window: one that was lost, or a span.
        self._most_unqueued = round((limits.window_s + limits.segment_s) * SAMPLE_RATE)
        self._ledger = Ledger()
        self.spans = self._ledger.spans
        self._finish: int | None = None
        self._done_at: float | None = None
        self._dones = 0
        self._read_at = 0.0

    @property
    def unqueued(self) -> int:
        """Samples held by this gateway and not yet in the broker."""
        return self._ledger.unqueued

    @property
    def live(self) -> Mapping[int, Segment]:
        """Segments that have not ended, by number."""
        return self._ledger.live

    def history(self, index: int) -> SegmentHistory:
        """Return the history of a segment; its length is 0 samples if this gateway never had it complete."""
        return self._ledger.all[index].history()

    @property
    def over(self) -> bool:
        """True when every segment has ended and the client has confirmed every result."""
        ended = self._finish is not None and self._ledger.have_ended(self._finish)
        return ended and not self._ledger.unreceived

    # -- the client ----------------------------------------------------------------------------------------

    def resumed_with(self, options: Options) -> None:
        """Use these options from now on. Speculations with other options are not promoted."""
        if options != self.options:
            self.options = options
            for segment in self._ledger.live.values():
                segment.displace()

    def attached(self, attachment: Attachment, welcome: Welcome, now: float, pieces: bool = False) -> Steps:
        """Send a new connection the held segments, then unconfirmed results and failures.

        ``pieces``: the client accepts the list of held segments in several messages.
        """
        self.epoch = attachment.epoch
        self._finish, self._done_at, self._dones = None, None, 0
        wanted = self.options.partials and self.options.priority == CLASSES[0]
        self._live = SessionLiveText(self.identity, self.options, self._ledger, self._pace) if wanted else None
        yield from self._ledger.adopt(attachment, now)
        for segment in self._ledger.live.values():
            segment.asked = -1
        return (yield from self._ledger.welcome_steps(welcome, pieces))

    def receive(self, message: ClientMessage, now: float) -> Sequence[Output]:
        """Handle a text message that follows the hello."""
        match message:
            case SegmentBegin():
                return self._begin(message, now)
            case SegmentEnd():
                return self._end(message, now)
            case SegmentCancel():
                return self._cancel(message.segment, now)
            case SegmentSpeculate():
                return self._speculate(message, now)
            case Finish():
                return self._handle_finish(message.segments, now)
            case Received():
                return self._handle_received(message.segment)
            case Hello():
                raise OutOfOrder("hello may come only once in a connection")

    def frame(self, data: bytes | bytearray, now: float) -> Sequence[Output]:
        """Append the new samples of a binary message. A bytearray is consumed."""
        if len(data) > self._most_of_frame:
            raise MessageTooLarge(f"a frame may have {self._limits.frame_bytes} bytes, this one has {len(data)}")
        index, offset, pcm = split_frame(data)
        ledger = self._ledger
        segment = ledger.all.get(index) or ledger.segment(index)
        if segment.stage is not _RECEIVING:
            return resent(index, segment, offset, len(pcm))
        held = segment.held
        if offset > held:
            return self._gap(index, segment)
        samples = offset + len(pcm) // BYTES_PER_SAMPLE - held
        if samples > 0:
            if held + samples > self._most_of_segment or ledger.unqueued + samples > self._most_unqueued:
                raise no_room(self._limits, index, held + samples)
            if not held:
                segment.first_frame = now
            segment.append(pcm if offset == held else pcm[-samples * BYTES_PER_SAMPLE :], samples)
            ledger.unqueued += samples
            if self._live is not None:
                return self._live.request_text(index, segment, now)
        return ()

    # -- the broker ----------------------------------------------------------------------------------------

    def reattached(self, attachment: Attachment, now: float) -> Steps:
        """Adopt the broker's state after it had forgotten the session."""
        self.epoch = attachment.epoch
        return (yield from self._ledger.adopt(attachment, now)) + self._conclude(now)

    def submitted(self, index: int, attempt: int, reply: Submitted, now: float) -> list[Output]:
        """Handle the broker's reply to ``Submit``."""
        segment = self._ledger.all[index]
        if attempt != segment.attempt or segment.stage is not SegmentStage.SUBMITTED:
            return []
        if isinstance(reply, SessionGone):
            return [AttachAgain(), *self.unsubmitted(index, attempt)]
        if isinstance(reply, JobQueued):
            self._ledger.enqueue(segment, attempt, now, reply.ahead)
            return [Queued(index, samples_to_seconds(reply.ahead))]
        return self._ledger.learn(index, reply, now) + self._conclude(now)

    def speculated(self, job: Job, made: bool) -> None:
        """Note whether the broker took a ``Speculate``; if not, the segment's end submits instead of promoting."""
        segment = self._ledger.all[job.segment]
        speculation = segment.speculation
        if made or speculation is None or segment.stage is not SegmentStage.RECEIVING:
            return
        if (segment.attempt, speculation.samples) == (job.attempt, job.samples):
            segment.speculation = None

    def promoted(self, promote: Promote, reply: Submitted | NothingToPromote, now: float) -> list[Output]:
        """Handle the broker's reply to ``Promote``."""
        index, attempt, samples = promote.segment, promote.attempt, promote.samples
        segment = self._ledger.all[index]
        if segment.speculation is None or (segment.attempt, segment.samples) != (attempt, samples):
            return []
        if isinstance(reply, NothingToPromote):
            return [Submit(self._job(index, segment, segment.take_audio()))]
        return self.submitted(index, attempt, reply, now)

    def declined(self, job: Job, now: float) -> Sequence[Output]:
        """Note that no worker will answer a ``Hypothesise`` or ``StreamLive``."""
        return () if self._live is None else self._live.declined(job, now)

    def set_offers(self, offers: Sequence[LiveOffer]) -> None:
        """Use these offers of streaming workers from now on."""
        if self._live is not None:
            self._live.set_offers(offers)

    def unsubmitted(self, index: int, attempt: int) -> list[Output]:
        """Ask the client for a segment again, because the broker could not take it."""
        segment = self._ledger.all[index]
        if attempt != segment.attempt or segment.stage is not SegmentStage.SUBMITTED:
            return []
        self._ledger.open(index, attempt)
        return [Missing(index, 0)]

    def refuse(self, index: int, attempt: int, code: ErrorCode, why: str, now: float) -> list[Output]:
        """End a segment that the broker does not have as failed. The pieces of a refused span stay."""
        segment = self._ledger.all[index]
        if attempt != segment.attempt or segment.stage not in (SegmentStage.RECEIVING, SegmentStage.SUBMITTED):
            return []
        outputs = self.noticed(Failure(self.identity, index, code, why, attempt), now)
        segment.refused = bool(segment.details.replaces)
        return outputs

    def repeats(self, data: bytes | bytearray) -> bool:
        """Return whether a binary message is audio of a span, which came before in other segments."""
        segment = self._ledger.all.get(int.from_bytes(data[:4], "little"))
        return segment is not None and bool(segment.details.replaces)

    def noticed(self, notice: Notice, now: float) -> list[Output]:
        """Handle a notice that was published to this gateway about the session."""
        if isinstance(notice, Detached):
            return list(_TAKEN_OVER) if notice.epoch > self.epoch else []
        if isinstance(notice, Hypothesis | Gap):
            return [] if self._live is None else self._live.answered(notice, now)
        if notice.segment not in self._ledger.all:
            return []
        state = EndState.FINAL if isinstance(notice, Result) else EndState.FAILED
        record = Record(end=Ended(state, notice.attempt), outcome=notice)
        return self._ledger.learn(notice.segment, record, now) + self._conclude(now)

    def reread(self, reply: Reread, gateway: str, now: float) -> list[Output]:
        """Handle the broker's reply to ``ReadAgain``."""
        if not reply.gateway:
            return [AttachAgain()]
        outputs: list[Output] = []
        if reply.gateway != gateway:
            if reply.epoch > self.epoch:
                return list(_TAKEN_OVER)
            outputs.append(AttachAgain())  # the broker was rolled back and publishes to the previous gateway
        for index, record in reply.segments.items():
            outputs += self._ledger.learn(index, record, now)
        return outputs + self._conclude(now)

    def read_queued_again(self, now: float) -> list[Output]:
        """Read all queued segments again, because notices may have been lost."""
        self._read_at = now
        waiting = self._ledger.waiting(since=now)
        return [ReadAgain(waiting)] if waiting else []

    def tick(self, now: float) -> list[Output]:
        """Handle the passing of time: late closes, and queued segments due for another read."""
        if self._done_at is not None and now - self._done_at >= LINGER_S:
            self._done_at = None
            return [CloseConnection(CloseCode.NORMAL)]
        waiting = self._ledger.waiting(since=now - READ_AGAIN_AFTER_S)
        if not waiting or now - self._read_at < READ_AGAIN_AFTER_S:
            return []
        self._read_at = now
        return [ReadAgain(waiting)]

    # -- inside --------------------------------------------------------------------------------------------

    def _begin(self, message: SegmentBegin, now: float) -> Sequence[Output]:
        index, attempt = message.segment, message.attempt
        segment = before = self._ledger.all.get(index)
        check_replaces(index, message.replaces, segment)
        if segment is None:
            if self._finish is not None and index >= self._finish:
                raise OutOfOrder(f"segment {index} begins after finish with {self._finish} segments")
            if self._ledger.crowded:
                raise TooBusy(Refusal(503, RefusalReason.UNQUEUED, _CROWDED, 5.0))
            segment = self._ledger.open(index, attempt)
        elif attempt > segment.attempt:
            if segment.stage in (SegmentStage.SUBMITTED, SegmentStage.QUEUED):
                raise OutOfOrder(f"attempt {segment.attempt} of segment {index} has not failed")
            if segment.stage is SegmentStage.RECEIVING or segment.state is EndState.FAILED:
                self._ledger.open(index, attempt)
                self._done_at, before = None, None
        if segment.stage is not SegmentStage.RECEIVING:
            return ()
        anew = segment.describe(details_of(message)) or before is None
        return self._begin_span(index, segment, now) if anew and message.replaces else ()

    def _begin_span(self, index: int, segment: Segment, now: float) -> Sequence[Output]:
        if why := self._ledger.spans.refuse(index):
            return self.refuse(index, segment.attempt, ErrorCode.CONFLICT, why, now)
        return self._ledger.spans.begin(index, self._ledger.live, now)

    def _speculate(self, message: SegmentSpeculate, now: float) -> Sequence[Output]:
        index, samples = message.segment, message.samples
        segment = self._ledger.segment(index)
        if (
            segment.stage is not SegmentStage.RECEIVING
            or not 0 < samples <= segment.held
            or self._ledger.has_live_span
        ):
            return ()
        if segment.guesses >= _MOST_GUESSES or samples == (segment.speculation and segment.speculation.samples):
            return ()
        segment.speculate(samples, now)
        if self._live is not None:
            self._live.paused(index, samples)
        return [Speculate(self._job(index, segment, segment.beginning(samples), JobKind.SPECULATE))]

    def _job(self, index: int, segment: Segment, pcm: bytes, kind: JobKind = JobKind.RECOGNISE) -> Job:
        return segment.job(self.identity, self.options, index, pcm, kind)

    def _end(self, message: SegmentEnd, now: float) -> Sequence[Output]:
        index, samples = message.segment, message.samples
        segment = self._ledger.segment(index)
        if samples > self._most_of_segment:
            raise no_room(self._limits, index, samples)
        match segment.stage:
            case SegmentStage.RECEIVING if samples > segment.held:
                segment.asked = segment.held
                return [Missing(index, segment.held)]
            case SegmentStage.RECEIVING:
                self._ledger.complete(segment, samples, now)
                if segment.speculation is not None and segment.speculation.samples == samples:
                    return [Promote(index, segment.attempt, samples)]
                return [Submit(self._job(index, segment, segment.take_audio()), segment.due)]
            case SegmentStage.QUEUED:
                return [Queued(index)]
            case SegmentStage.ENDED:
                return outcome(index, segment)
            case _:
                return ()

    def _cancel(self, index: int, now: float) -> Sequence[Output]:
        known = self._ledger.all.get(index)
        segment = known or self._ledger.open(index, 0)
        if segment.state is EndState.CANCELLED:
            return ()
        withdraw = [Withdraw(index, segment.attempt, segment.sent)] if known else []
        self._ledger.cancel(index, now)
        return [*withdraw, *self._conclude(now)]

    def _handle_finish(self, segments: int, now: float) -> Sequence[Output]:
        if self._ledger.last >= segments:
            raise OutOfOrder(f"finish with {segments} segments, but segment {self._ledger.last} has begun")
        if self._dones >= _MOST_DONES:
            raise OutOfOrder("finish was said too often in one connection: say it once")
        self._finish, self._done_at = segments, None
        return self._conclude(now)

    def _handle_received(self, index: int) -> Sequence[Output]:
        segment = self._ledger.all.get(index)
        if segment is None or not segment.unreceived:
            return ()
        self._ledger.receive(segment)
        outputs: list[Output] = [Acknowledge(index)]
        if self._done_at is not None and not self._ledger.unreceived:
            self._done_at = None
            outputs.append(CloseConnection(CloseCode.NORMAL))
        return outputs

    def _conclude(self, now: float) -> list[Output]:
        """Return ``done`` once everything has ended; the close follows once everything is confirmed."""
        if self._finish is None or self._done_at is not None or not self._ledger.have_ended(self._finish):
            return []
        self._dones += 1
        done = Done(self._finish, self._ledger.text(range(self._finish)))
        if not self._ledger.unreceived:
            return [done, CloseConnection(CloseCode.NORMAL)]
        self._done_at = now
        return [done]

    def _gap(self, index: int, segment: Segment) -> Sequence[Output]:
        if segment.asked == segment.held:
            return ()
        segment.asked = segment.held
        return [Missing(index, segment.held)]
