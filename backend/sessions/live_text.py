"""Live text of one session and one connection: from a streaming worker, or else from hypotheses. Pure.

A streaming worker gets only the new samples of a segment. A hypothesis decodes the segment from its beginning, on
a worker that also makes finals. Hypotheses are therefore requested only if no streaming worker takes the session.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from backend.admission.live_offers import LiveOffer, live_model
from backend.sessions.ledger import Ledger
from backend.sessions.live_stream import LivePiece, LiveStream
from backend.sessions.partials import PartialPace, Partials
from backend.sessions.segments import Hypothesise, Output, Segment, SegmentStage, StreamLive
from protocol.job import Gap, Hypothesis, Job, JobKind
from protocol.recognition import Options


class SessionLiveText:
    """Requests for live text of a session's segments, and the partials that its client gets."""

    def __init__(self, identity: str, options: Options, ledger: Ledger, pace: PartialPace) -> None:
        self._identity = identity
        self._options = options
        self._ledger = ledger
        self._partials = Partials(pace)
        self._stream = LiveStream()
        self._offers: Sequence[LiveOffer] = ()
        self._models: dict[tuple[str, bool], str] = {}

    def set_offers(self, offers: Sequence[LiveOffer]) -> None:
        """Use these offers of streaming workers from now on."""
        if offers != self._offers:
            self._offers = offers
            self._models.clear()

    def request_text(self, index: int, segment: Segment, now: float) -> Sequence[Output]:
        """Request text for new audio of a segment, if it is time. Called for each frame."""
        if self._offers and not self._stream.is_away(now) and (model := self._model(segment)):
            if not self._stream.due((index, segment.attempt), segment.held) or self._ledger.has_live_span:
                return ()
            piece = self._stream.ask(segment.held, now)
            return [StreamLive(self._piece(index, segment, piece), piece.inbox, model)]
        return self._hypothesise(index, segment, now) if self._partials.due(index, segment.held, now) else ()

    def paused(self, index: int, samples: int) -> None:
        """Request no hypothesis until new audio comes, because the segment may end at ``samples``."""
        self._partials.paused(index, samples)

    def declined(self, job: Job, now: float) -> Sequence[Output]:
        """Note that no worker will answer a request; the next one may go elsewhere at once."""
        if job.kind is not JobKind.STREAM:
            self._partials.declined(job.segment, job.samples, now)
            return ()
        self._stream.declined((job.segment, job.attempt), job.samples, now)
        return self._go_on(job.segment, job.attempt, now)

    def answered(self, answer: Hypothesis | Gap, now: float) -> list[Output]:
        """Return the partial that an answer makes, and the next request if one is due."""
        outputs: list[Output] = []
        if isinstance(answer, Gap) or answer.inbox:
            self._stream.answered(answer, now)
        else:
            self._partials.answered(answer, now)
        if isinstance(answer, Hypothesis) and self._receiving(answer.segment, answer.attempt) is not None:
            partial = self._partials.partial_of(answer, self._ledger.live)
            outputs += [] if partial is None else [partial]
        if isinstance(answer, Gap) or answer.inbox:
            outputs += self._go_on(answer.segment, answer.attempt, now)
        return outputs

    def _go_on(self, index: int, attempt: int, now: float) -> Sequence[Output]:
        segment = self._receiving(index, attempt)
        return () if segment is None else self.request_text(index, segment, now)

    def _receiving(self, index: int, attempt: int) -> Segment | None:
        segment = self._ledger.live.get(index)
        current = segment is not None and segment.stage is SegmentStage.RECEIVING and segment.attempt == attempt
        return segment if current else None

    def _model(self, segment: Segment) -> str:
        """Return the model whose worker follows the session or may begin to; empty: none."""
        wanted = segment.details.language, bool(self._stream.inbox)
        if wanted not in self._models:
            self._models[wanted] = live_model(self._offers, self._options, *wanted)
        return self._models[wanted]

    def _piece(self, index: int, segment: Segment, piece: LivePiece) -> Job:
        """Return the job for a piece; its options are only those that the text depends on."""
        language = segment.details.language or self._options.language
        options = replace(self._options, language=language, hotwords=(), model="", languages=())
        pcm, gain_db = segment.piece(piece.begin, piece.end), segment.details.gain_db
        return Job(self._identity, index, pcm, piece.end, segment.attempt, JobKind.STREAM, options, gain_db)

    def _hypothesise(self, index: int, segment: Segment, now: float) -> Sequence[Output]:
        """Request a hypothesis, unless a complete segment or a span of this session still waits for its final."""
        if self._ledger.has_live_span:
            return ()
        if any(s.stage is not SegmentStage.RECEIVING for s in self._ledger.live.values()):
            return ()
        self._partials.requested(index, segment.held, now)
        pcm = segment.beginning(segment.held)
        return [Hypothesise(segment.job(self._identity, self._options, index, pcm, JobKind.HYPOTHESISE))]
