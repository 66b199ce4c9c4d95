"""Run the second pass of a recording: send spans, and choose the text of a span or those of its pieces.

Texts of pieces are withheld until their span is resolved. So exactly one variant of each piece is passed on,
and never changed afterwards.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from types import TracebackType
from typing import Final, NamedTuple, Self

from app.core.span_preference import prefers_span
from app.core.transcript import TranscriptSegment
from app.journal.async_journal import JournaledOutlet
from app.journal.errors import JournalError
from app.transcription.pipeline import TranscriptionObserver
from app.transcription.span_planner import Span
from client.errors import GatewayError
from client.events import ClientEvent
from protocol.session import SegmentDetails
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import is_set_within, loop_time
from speech.segmenter import SegmentClosed

MARGIN_S: Final = 0.5
"""How much longer than promised a span may take, once all its pieces have results."""
LONGEST_S: Final = 10.0
"""How long a span may take in any case."""


class Resolution(NamedTuple):
    """The variant of a span that is used. ``texts`` are passed on. ``cancel``: results no longer needed."""

    span: int
    accepted: bool
    texts: tuple[TranscriptSegment, ...]
    cancel: tuple[int, ...]


@dataclass
class _OpenSpan:
    span: Span
    closed_at: float
    known_at: float | None = None


class SpanChoice:
    """The withheld texts of one recording. ``languages``: those of the speaker."""

    def __init__(self, languages: Collection[str] = ()) -> None:
        self._languages = languages
        self._withheld: dict[int, TranscriptSegment] = {}
        self._open: dict[int, _OpenSpan] = {}
        self._as_they_are: set[int] = set()  # pieces without a span, or whose span is not used
        self._over: set[int] = set()  # segments whose results are no longer needed

    def add_span(self, span: Span, now: float) -> tuple[TranscriptSegment, ...]:
        """Record a span. Return the texts that it does not withhold any longer."""
        if span.segment is None:
            self._as_they_are.update(span.pieces)
            return self._take_withheld(span.pieces)
        self._open[span.segment] = _OpenSpan(span, now)
        self._note_results(now)
        return ()

    def result(self, segment: TranscriptSegment, now: float) -> tuple[TranscriptSegment, ...]:
        """Record a result. Return it, unless it is withheld."""
        if segment.index in self._over:
            return ()
        self._withheld[segment.index] = segment
        if segment.index in self._as_they_are:
            return self._take_withheld((segment.index,))
        self._note_results(now)
        return ()

    def resolve(self, now: float) -> list[Resolution]:
        """Resolve every span whose text has arrived or is late."""
        resolved = [
            each for each in self._open.values() if each.span.segment in self._withheld or now >= _due(each)
        ]
        return [self._resolve(each.span) for each in resolved]

    def is_open(self, span: int) -> bool:
        """Return whether a span is not resolved yet."""
        return span in self._open

    @property
    def due(self) -> float:
        """When the next span is late; infinite if none is open."""
        return min(map(_due, self._open.values()), default=inf)

    def rest(self) -> tuple[TranscriptSegment, ...]:
        """Return what is still withheld when the recording has ended early: pieces in no span."""
        return self._take_withheld(tuple(self._withheld))

    def _note_results(self, now: float) -> None:
        """Note when all pieces of a span have results."""
        for each in self._open.values():
            if each.known_at is None and all(piece in self._withheld for piece in each.span.pieces):
                each.known_at = now

    def _resolve(self, span: Span) -> Resolution:
        assert span.segment is not None
        del self._open[span.segment]
        self._over.add(span.segment)
        whole = self._withheld.pop(span.segment, None)
        texts = [None if piece not in self._withheld else self._withheld[piece].original for piece in span.pieces]
        silent = TranscriptSegment(span.segment, 0, 0)
        if whole is not None and prefers_span(whole.original, texts, self._languages):
            first, *others = span.pieces
            missing = tuple(piece for piece in span.pieces if piece not in self._withheld)
            known = [self._withheld.pop(piece, TranscriptSegment(piece, 0, 0)) for piece in span.pieces]
            self._over.update(span.pieces)
            unused = [TranscriptSegment(each.index, each.start_ms, each.end_ms) for each in known[1:]]
            used = (replace(whole, index=first), *unused, silent)
            return Resolution(span.segment, accepted=True, texts=used, cancel=missing)
        self._as_they_are.update(span.pieces)
        cancel = () if whole is not None else (span.segment,)
        return Resolution(
            span.segment, accepted=False, texts=(*self._take_withheld(span.pieces), silent), cancel=cancel
        )

    def _take_withheld(self, pieces: tuple[int, ...]) -> tuple[TranscriptSegment, ...]:
        given = tuple(self._withheld.pop(piece) for piece in pieces if piece in self._withheld)
        self._over.update(each.index for each in given)
        return given


def _due(each: _OpenSpan) -> float:
    latest = each.closed_at + LONGEST_S
    if each.known_at is None:
        return latest
    return min(latest, each.known_at + each.span.within_ms / 1000 + MARGIN_S)


log = loggers.APP_CAPTURE_STORY


class SecondPass(TranscriptionObserver):
    """An observer in front of ``observer``, which gets each text once: that of a span or those of its pieces.

    The choice is on disk before ``observer`` gets the text. ``language``: returns the language of speech, given
    its first sample and length.
    """

    def __init__(
        self,
        observer: TranscriptionObserver,
        outlet: JournaledOutlet,
        choice: SpanChoice,
        language: Callable[[int, int], str] = lambda at, samples: "",
    ) -> None:
        self._observer = observer
        self._outlet = outlet
        self._choice = choice
        self._language = language
        self._spans: dict[int, SegmentClosed | None] = {}  # each with the end of its last piece, if that waits
        self._begun: set[int] = set()  # spans that the journal has
        self._changed = asyncio.Event()
        self._leaving = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="listening/second pass")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Pass on what is withheld, unless the recording was cancelled."""
        assert self._task is not None
        if isinstance(error, asyncio.CancelledError):
            self._task.cancel()
        self._leaving = True
        self._changed.set()
        await asyncio.gather(self._task, return_exceptions=isinstance(error, asyncio.CancelledError))

    # -- the recording's side ------------------------------------------------------------------------------

    def processed(self, seconds: float) -> None:
        self._observer.processed(seconds)

    def audio_ended(self) -> None:
        self._observer.audio_ended()

    def received(self, event: ClientEvent) -> None:
        self._observer.received(event)

    def recognised(self, segment: TranscriptSegment) -> None:
        """Withhold a result, or pass it on if no span can replace it."""
        if segment.index not in self._spans:
            self._observer.withheld(segment)
        self._pass_on(self._choice.result(segment, loop_time()))

    async def spanned(self, span: Span) -> None:
        """Send a span for recognition, before the end of its last piece."""
        tail = span.tail
        if span.segment is not None:
            self._spans[span.segment] = tail if span.waits else None
            self._observer.withheld(TranscriptSegment(span.segment, 0, 0))
        self._pass_on(self._choice.add_span(span, loop_time()))
        if tail is not None:
            await self._outlet.keep_end(tail.segment, tail.samples)
        if span.segment is not None:
            details = SegmentDetails(
                language=self._language(span.at, span.samples),
                gain_db=span.gain_db,
                replaces=span.pieces,
                within_ms=span.within_ms,
            )
            await self._outlet.whole(span.segment, span.at, span.samples, details)
            self._begun.add(span.segment)
        late = span.segment is not None and not self._choice.is_open(span.segment)
        if span.segment is not None and late:  # the disk has taken it after its choice
            await self._choose(span.segment, accepted=False)
            with suppress(JournalError):  # a span that is not used needs no outcome
                await self._outlet.cancel(span.segment)
        if tail is not None and (late or not span.waits):
            await self._outlet.send_end(tail.segment, tail.samples)

    # -- the choice ----------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._leaving:
            self._changed.clear()
            for resolution in self._choice.resolve(loop_time()):
                await self._apply(resolution)
            due = self._choice.due
            await is_set_within(self._changed, None if due == inf else due - loop_time())
        for resolution in self._choice.resolve(inf):
            await self._apply(resolution)
        self._pass_on(self._choice.rest())

    async def _apply(self, resolution: Resolution) -> None:
        begun = resolution.span in self._begun
        if begun:  # otherwise ``spanned`` does the rest once the disk has taken the span
            await self._choose(resolution.span, accepted=resolution.accepted)
        self._pass_on(resolution.texts)
        if not begun:
            return
        tail = self._spans[resolution.span]
        with suppress(GatewayError, JournalError):  # the recording ends with the same error
            if tail is not None and not resolution.accepted:
                await self._outlet.send_end(tail.segment, tail.samples)
            for segment in resolution.cancel:
                await self._outlet.cancel(segment)

    async def _choose(self, span: int, *, accepted: bool) -> None:
        try:
            await self._outlet.choose(span, accepted=accepted)
        except JournalError as error:  # the text must not wait for the disk any longer
            log.warning(LogEvent.TEXT_OUTCOME_NOT_KEPT, reason=str(error))

    def _pass_on(self, texts: tuple[TranscriptSegment, ...]) -> None:
        for text in texts:
            self._observer.recognised(text)
        self._changed.set()
