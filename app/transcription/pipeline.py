"""Join the stages from audio to text, and transcribe one recording in a session of its own.

blocks of samples -> vad -> segmenter -> outlet (journal, gateway client) -> texts

Only this module connects them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from typing import Final as Constant
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from app.core.outlet import Outlet, ToGateway, pass_on
from app.core.transcript import RecordingTranscript, TranscriptSegment
from app.transcription.span_planner import Span, SpanPlanner, VadPosition
from app.transcription.voting_outlet import PER_PART, PER_SPAN, voting
from client.audio_store import TemporaryAudio
from client.cancellation import cancel_and_close
from client.connection import Locate
from client.events import ClientEvent
from client.gateway import GatewayClient
from client.settings import ClientSettings
from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE, samples_to_ms
from protocol.recognition import Options
from protocol.session import Failed, Final
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.logger import bound_fields
from runtime.tasks import close_on_error, loop_time
from speech.audio_file import AvailableAudio
from speech.packing import Cutter, PackingSegmenter
from speech.segmenter import SegmentAudio, SegmentClosed, Segmenter, SegmentOpened, SegmentOutput
from speech.vad import SpeechEnded, SpeechPaused, SpeechResumed, SpeechStarted, Vad, VadEvent, open_vad

log = loggers.APP_CAPTURE_STORY

Samples = NDArray[np.int16]
Clock = Callable[[], float]

TextOf = Callable[[Final], str]
"""Returns the text that a final result gives its segment."""

_NOTHING: Constant = np.empty(0, np.int16)


class TranscriptionObserver:
    """The base of observers of a transcription. It ignores every event."""

    def processed(self, seconds: float) -> None:
        """Note that this many seconds of audio have been processed."""

    def audio_ended(self) -> None:
        """Note that all audio has been processed."""

    def received(self, event: ClientEvent) -> None:
        """Take an event from the gateway client."""

    def recognised(self, segment: TranscriptSegment) -> None:
        """Take the final result of a segment."""

    def withheld(self, segment: TranscriptSegment) -> None:
        """Take a text that is not final. ``recognised`` follows, with this text or that of a span over it."""

    async def spanned(self, span: Span) -> None:
        """Take consecutive segments that are to be recognised once more as one."""


def recognised_text(final: Final) -> str:
    """Return the recognised text without applying any rule."""
    return final.text.strip()


@asynccontextmanager
async def collect_events(
    outlet: Outlet, collect: Callable[[AsyncIterator[ClientEvent]], Coroutine[Any, Any, None]]
) -> AsyncIterator[None]:
    """Collect the events of an outlet while segments are sent in the context; then wait until all have ended."""
    collecting = asyncio.create_task(collect(outlet.events()), name="pipeline/texts")
    try:
        yield
        await outlet.finish()
        await outlet.close()
        await collecting
    finally:
        collecting.cancel()
        await asyncio.gather(collecting, return_exceptions=True)


async def transcribe(
    blocks: AsyncIterator[Samples],
    vad: "PipelineVad",
    outlet: Outlet,
    observer: TranscriptionObserver,
    live: Clock | None = None,
    text_of: TextOf = recognised_text,
) -> RecordingTranscript:
    """Transcribe all of ``blocks``.

    ``live``: the clock by which the audio is spoken; if given, delays are measured.

    Raises ``SpeechError`` for audio that cannot be read and ``GatewayError`` when the session cannot continue.
    """
    texts = ResultCollector(observer, live, text_of)
    async with collect_events(outlet, texts.collect):
        async for block in blocks:
            for output in vad.accept(block):
                if isinstance(output, SegmentAudio):
                    await outlet.audio(output.segment, output.samples)
                else:
                    await _pass_on(output, vad.speech_end, outlet, texts)
            observer.processed(vad.samples / SAMPLE_RATE)
        for output in vad.finish():
            await _pass_on(output, vad.speech_end, outlet, texts)
        observer.audio_ended()
    return texts.transcript(vad.samples)


class SegmentingVad:
    """Cutter of samples into segments: a VAD, and a segmenter that cuts where the VAD says.

    ``heard``: the VAD has heard speech.
    """

    def __init__(self, vad: Vad, segmenter: Cutter) -> None:
        self._vad = vad
        self._segmenter = segmenter
        self._speaking = False
        self.heard = False
        self.speech_end = 0
        self.samples = 0

    @property
    def silence(self) -> int:
        """Samples since the last speech; 0 during speech."""
        return 0 if self._speaking else self.samples - self.speech_end

    def accept(self, block: Samples) -> Sequence[SegmentOutput]:
        """Process a block of samples and return what follows from it."""
        self.samples += len(block)
        if events := self._vad.accept(block):
            self._note(events)
        return self._segmenter.accept(block, events)

    def finish(self) -> Sequence[SegmentOutput]:
        """End the recording and return the rest."""
        events = self._vad.finish()
        self._note(events)
        return [*self._segmenter.accept(_NOTHING, events), *self._segmenter.finish()]

    def _note(self, events: Iterable[VadEvent]) -> None:
        for event in events:
            self._speaking = isinstance(event, SpeechStarted | SpeechResumed)
            self.heard = self.heard or self._speaking
            if isinstance(event, SpeechPaused | SpeechEnded):
                self.speech_end = event.at


class SpanningVad:
    """Cutter that also joins segments into spans, and numbers both."""

    def __init__(self, vad: SegmentingVad, planner: SpanPlanner) -> None:
        self._vad = vad
        self._planner = planner

    @property
    def samples(self) -> int:
        """Samples processed so far."""
        return self._vad.samples

    @property
    def speech_end(self) -> int:
        """Sample at which the last known speech ended."""
        return self._vad.speech_end

    def accept(self, block: Samples) -> Sequence[SegmentOutput | Span]:
        """Process a block of samples and return the segments and spans that follow from it."""
        return self._plan_outputs(self._vad.accept(block))

    def finish(self) -> Sequence[SegmentOutput | Span]:
        """End the recording and return the rest."""
        return self._plan_outputs(self._vad.finish(), over=True)

    def _plan_outputs(
        self, outputs: Sequence[SegmentOutput], *, over: bool = False
    ) -> Sequence[SegmentOutput | Span]:
        return list(self._planner.accept(outputs, VadPosition(self.samples, self._vad.silence, over)))


PipelineVad = SegmentingVad | SpanningVad
"""The stage of the pipeline that cuts samples into segments."""


async def _pass_on(
    output: SegmentOutput | Span, speech_end: int, outlet: Outlet, texts: "ResultCollector"
) -> None:
    if isinstance(output, Span):
        if output.tail is not None:
            texts.segment_ended(output.tail.segment, output.tail.samples, 0)
        if output.segment is not None:
            texts.segment_begun(output.segment, output.at)
            texts.segment_ended(output.segment, output.samples, 0)
        return await texts.observer.spanned(output)
    match output:
        case SegmentOpened(number, at):
            texts.segment_begun(number, at)
        case SegmentClosed(number, samples):
            texts.segment_ended(number, samples, speech_end)
    await pass_on(output, outlet)


@dataclass
class _Spoken:
    """The position of a segment in the recording, in samples.

    Its end is set once it is known.
    """

    begin: int
    samples: int = 0
    speech_end: int = 0


@dataclass
class ResultCollector:
    """Collector that matches results to their positions in the recording."""

    observer: TranscriptionObserver
    live: Clock | None = None
    text_of: TextOf = recognised_text
    _spoken: dict[int, _Spoken] = field(default_factory=dict)
    _results: dict[int, TranscriptSegment] = field(default_factory=dict)

    def segment_begun(self, number: int, at: int) -> None:
        """Record that a segment begins at sample ``at``."""
        self._spoken[number] = _Spoken(at)

    def segment_ended(self, number: int, samples: int, speech_end: int) -> None:
        """Record and log the length of a segment and the end of its speech.

        A ``speech_end`` outside the segment is replaced by the segment's end.
        """
        spoken = self._spoken[number]
        end = spoken.begin + samples
        spoken.samples = samples
        spoken.speech_end = speech_end if spoken.begin < speech_end <= end else end
        silence_ms = samples_to_ms(end - spoken.speech_end)
        log.info(LogEvent.SEGMENT_CUT, segment=number, audio_ms=samples_to_ms(samples), silence_ms=silence_ms)

    async def collect(self, events: AsyncIterator[ClientEvent]) -> None:
        """Collect results as they arrive."""
        async for event in events:
            self.observer.received(event)
            if isinstance(event, Final | Failed):
                self._record_outcome(event)

    def transcript(self, samples: int) -> RecordingTranscript:
        """Return the transcript in spoken order."""
        return RecordingTranscript(
            tuple(self._results[number] for number in sorted(self._results)), samples_to_ms(samples)
        )

    def _record_outcome(self, outcome: Final | Failed) -> None:
        spoken = self._spoken[outcome.segment]
        start, end = samples_to_ms(spoken.begin), samples_to_ms(spoken.begin + spoken.samples)
        segment = TranscriptSegment(outcome.segment, start, end)
        if isinstance(outcome, Failed):
            segment = replace(segment, error=f"{outcome.message} ({outcome.code})")
        else:
            segment = replace(
                segment,
                text=self.text_of(outcome),
                language=outcome.language,
                words=outcome.words,
                model=outcome.model,
                timing=outcome.timing,
                after_speech_ms=self._delay(spoken),
            ).of(outcome.text.strip())
        self._results[outcome.segment] = segment
        self.observer.recognised(segment)

    def _delay(self, spoken: _Spoken) -> int | None:
        if self.live is None:
            return None
        return round((self.live() - spoken.speech_end / SAMPLE_RATE) * 1000)


async def in_thread(blocks: Iterator[Samples], pool: Executor | None = None) -> AsyncIterator[Samples]:
    """Read blocks outside the event loop, in ``pool`` or in the loop's default executor."""
    read = asyncio.get_running_loop().run_in_executor
    while (block := await read(pool, next, blocks, None)) is not None:
        yield block


async def at_speaking_pace(blocks: AsyncIterator[Samples], spoken_s: Clock) -> AsyncIterator[Samples]:
    """Yield the samples in frames of 100 ms, each once ``spoken_s`` says that it has been spoken."""
    said = 0
    rest = _NOTHING
    async for block in blocks:
        rest = np.concatenate((rest, block))
        while len(rest) >= FRAME_SAMPLES:
            frame, rest = rest[:FRAME_SAMPLES], rest[FRAME_SAMPLES:]
            said += FRAME_SAMPLES
            await asyncio.sleep(said / SAMPLE_RATE - spoken_s())
            yield frame
    if len(rest):
        await asyncio.sleep((said + len(rest)) / SAMPLE_RATE - spoken_s())
        yield rest


class RecordingObserver(TranscriptionObserver):
    """Observer of the transcription of a file. ``unsent_s`` returns the length of the unsent audio."""

    unsent_s: Callable[[], float]

    def truncated(self) -> None:
        """Note that the end of the file is missing."""


@dataclass(frozen=True)
class Recogniser:
    """The gateway, VAD and options that recognise every recording of a command.

    ``cutter`` cuts files. ``pool``: the threads that read them; ``None``: those of the loop.
    """

    locate: Locate
    vad_folder: Path
    options: Options = Options()
    settings: ClientSettings = field(default_factory=ClientSettings)
    cutter: Callable[[], Cutter] = PackingSegmenter
    pool: Executor | None = None

    async def recognise(
        self, path: Path, observer: RecordingObserver, *, live: bool = False, track: int = 0
    ) -> RecordingTranscript:
        """Transcribe the file at ``path`` as fast as possible, or at speaking pace if ``live``.

        ``track``: the number of a film's sound track; 0: the default one.

        A file whose end is missing yields the text of the available part, with ``truncated`` set. Cancellation or
        an error withdraws unrecognised segments from the gateway.
        Raises ``SpeechError`` for a file that cannot be read, ``GatewayError`` when the session cannot continue.
        """
        session = uuid4()
        cutter = Segmenter() if live else self.cutter()
        vad, audio = SegmentingVad(open_vad(self.vad_folder), cutter), AvailableAudio(path, track)
        with bound_fields(session=str(session)), TemporaryAudio() as store:
            async with (
                GatewayClient(self.locate, session, store, self.options, self.settings) as client,
                close_on_error(partial(cancel_and_close, client)),
            ):
                observer.unsent_s = lambda: client.unsent_s
                outlet = voting(ToGateway(client, live=live), self.options, PER_SPAN if live else PER_PART)
                blocks = in_thread(iter(audio), self.pool)
                transcript = await (_transcribe_at_pace if live else transcribe)(blocks, vad, outlet, observer)
        if audio.cut is None:
            return transcript
        observer.truncated()
        return replace(transcript, truncated=str(audio.cut))


async def _transcribe_at_pace(
    blocks: AsyncIterator[Samples], vad: SegmentingVad, outlet: Outlet, observer: RecordingObserver
) -> RecordingTranscript:
    """Transcribe at speaking pace, measuring delays."""
    start = loop_time()

    def spoken_s() -> float:
        return loop_time() - start

    return await transcribe(at_speaking_pace(blocks, spoken_s), vad, outlet, observer, spoken_s)
