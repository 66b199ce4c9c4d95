"""Run the second pass of a recording: send spans, and pass on the text of a span or those of its pieces."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from math import inf
from types import TracebackType
from typing import Self

from app.core.transcript import TranscriptSegment
from app.journal.async_journal import JournaledOutlet
from app.journal.errors import JournalError
from app.transcription.pipeline import TranscriptionObserver
from app.transcription.span_choice import Resolution, SpanChoice
from app.transcription.span_planner import Span
from client.errors import GatewayError
from client.events import ClientEvent
from protocol.session import SegmentDetails
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import is_set_within
from speech.segmenter import SegmentEnd

log = loggers.APP_CAPTURE_STORY


class SecondPass(TranscriptionObserver):
    """An observer before ``observer``, which gets each text once: those of spans or of their pieces.

    The choice is on disk before ``observer`` gets the text. ``language``: that of speech, by its
    first sample and its length.
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
        self._spans: dict[int, SegmentEnd | None] = {}  # each with the end of its last piece, if that waits
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
        self._pass_on(self._choice.result(segment, self._now()))

    async def spanned(self, span: Span) -> None:
        """Have a span recognised, before the rest of its last piece."""
        tail = span.tail
        if span.segment is not None:
            self._spans[span.segment] = tail if span.waits else None
            self._observer.withheld(TranscriptSegment(span.segment, 0, 0))
        self._pass_on(self._choice.closed(span, self._now()))
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
        if tail is not None and not span.waits:
            await self._outlet.send_end(tail.segment, tail.samples)

    # -- the choice ----------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._leaving:
            self._changed.clear()
            for resolution in self._choice.resolve(self._now()):
                await self._apply(resolution)
            due = self._choice.due
            await is_set_within(self._changed, None if due == inf else max(0.0, due - self._now()))
        for resolution in self._choice.resolve(inf):
            await self._apply(resolution)
        self._pass_on(self._choice.rest())

    async def _apply(self, resolution: Resolution) -> None:
        try:
            await self._outlet.choose(resolution.span, accepted=resolution.accepted)
        except JournalError as error:  # the text must not wait for the disk any longer
            log.warning(LogEvent.TEXT_OUTCOME_NOT_KEPT, reason=str(error))
        self._pass_on(resolution.texts)
        tail = self._spans[resolution.span]
        with suppress(GatewayError, JournalError):  # the recording ends with the same error
            if tail is not None and not resolution.accepted:
                await self._outlet.send_end(tail.segment, tail.samples)
            for segment in resolution.cancel:
                await self._outlet.cancel(segment)

    def _pass_on(self, texts: tuple[TranscriptSegment, ...]) -> None:
        for text in texts:
            self._observer.recognised(text)
        self._changed.set()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
