"""From audio to text, read from top to bottom: the one place where the stages are joined.

blocks of samples -> vad -> segmenter -> outlet (journal, gateway client) -> texts
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Final as Constant
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.capture.story import cut
from app.outlet import Outlet, pass_on
from app.transcript import Segment, Transcript
from client.events import ClientEvent
from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE, samples_to_ms
from protocol.session import Failed, Final
from speech.segmenter import SegmentBegin, SegmentEnd, Segmenter, SegmentOutput
from speech.vad import SpeechEnded, SpeechPaused, Vad, VadEvent

Samples = NDArray[np.int16]
Clock = Callable[[], float]

Says = Callable[[Final], str]

_NOTHING: Constant = np.empty(0, np.int16)


class Watcher(Protocol):
    """Who shows how it goes."""

    def listened(self, seconds: float) -> None:
        """So much of the audio has been taken in."""
        ...

    def over(self) -> None:
        """All of it has been taken in."""
        ...

    def heard(self, event: ClientEvent) -> None:
        """The client tells something."""
        ...

    def recognised(self, segment: Segment) -> None:
        """A segment has ended."""
        ...


def as_recognised(final: Final) -> str:
    """What a segment says without any rule."""
    return final.text.strip()


async def transcribe(
    blocks: AsyncIterator[Samples],
    ears: "Ears",
    outlet: Outlet,
    watcher: Watcher,
    live: Clock | None = None,
    says: Says = as_recognised,
) -> Transcript:
    """All of ``blocks`` as text. With ``live``, the clock on which they are spoken, delays are measured.
    ``says``: what a segment says whose text came.

    Raises ``SpeechError`` for audio that cannot be read and ``GatewayError`` when the session cannot go on.
    """
    texts = Texts(watcher, live, says)
    collecting = asyncio.create_task(texts.collect(outlet.events()), name="pipeline/texts")
    try:
        async for block in blocks:
            for piece in ears.hear(block):
                await _pass_on(piece, outlet, texts)
            watcher.listened(ears.seconds)
        for piece in ears.finish():
            await _pass_on(piece, outlet, texts)
        watcher.over()
        await outlet.finish()
        await outlet.close()
        await collecting
    finally:
        collecting.cancel()
        await asyncio.gather(collecting, return_exceptions=True)
    return texts.transcript(ears.samples)


class Ears:
    """Samples in, pieces of segments out: the VAD, and the segmenter that cuts where it says."""

    def __init__(self, vad: Vad, segmenter: Segmenter) -> None:
        self._vad = vad
        self._segmenter = segmenter
        self._speech_end = 0
        self.samples = 0

    @property
    def seconds(self) -> float:
        """Audio heard so far."""
        return self.samples / SAMPLE_RATE

    def hear(self, block: Samples) -> Iterator["Piece"]:
        """What is known after these samples."""
        self.samples += len(block)
        events = self._vad.accept(block)
        return self._pieces(self._segmenter.accept(block, events), events)

    def finish(self) -> Iterator["Piece"]:
        """The recording ends here."""
        events = self._vad.finish()
        outputs = [*self._segmenter.accept(_NOTHING, events), *self._segmenter.finish()]
        return self._pieces(outputs, events)

    def _pieces(self, outputs: Iterable[SegmentOutput], events: Iterable[VadEvent]) -> Iterator["Piece"]:
        for event in events:
            if isinstance(event, SpeechPaused | SpeechEnded):
                self._speech_end = event.at
        for output in outputs:
            yield Piece(output, self._speech_end)


@dataclass(frozen=True)
class Piece:
    """``speech_end``: the sample at which the last speech known of ended."""

    output: SegmentOutput
    speech_end: int


async def _pass_on(piece: Piece, outlet: Outlet, texts: "Texts") -> None:
    match piece.output:
        case SegmentBegin(number, at):
            texts.begun(number, at)
        case SegmentEnd(number, samples):
            texts.ended(number, samples, piece.speech_end)
    await pass_on(piece.output, outlet)


@dataclass
class _Spoken:
    """Where a segment lies in the recording, in samples; its end is known late."""

    begin: int
    samples: int = 0
    speech_end: int = 0


@dataclass
class Texts:
    """Puts results back to where they were said."""

    watcher: Watcher
    live: Clock | None = None
    says: Says = as_recognised
    _spoken: dict[int, _Spoken] = field(default_factory=dict)
    _results: dict[int, Segment] = field(default_factory=dict)

    def begun(self, number: int, at: int) -> None:
        """A segment begins at this sample."""
        self._spoken[number] = _Spoken(at)

    def ended(self, number: int, samples: int, speech_end: int) -> None:
        """It is this long; the speech in it ended at ``speech_end``, if that lies in it."""
        spoken = self._spoken[number]
        end = spoken.begin + samples
        spoken.samples = samples
        spoken.speech_end = speech_end if spoken.begin < speech_end <= end else end
        cut(number, samples, end - spoken.speech_end)

    async def collect(self, events: AsyncIterator[ClientEvent]) -> None:
        """Take results as they come."""
        async for event in events:
            self.watcher.heard(event)
            if isinstance(event, Final | Failed):
                self._take(event)

    def transcript(self, samples: int) -> Transcript:
        """Everything, in the order in which it was said."""
        return Transcript(tuple(self._results[number] for number in sorted(self._results)), samples_to_ms(samples))

    def _take(self, outcome: Final | Failed) -> None:
        spoken = self._spoken[outcome.segment]
        start, end = samples_to_ms(spoken.begin), samples_to_ms(spoken.begin + spoken.samples)
        segment = Segment(outcome.segment, start, end)
        if isinstance(outcome, Failed):
            segment = replace(segment, error=f"{outcome.message} ({outcome.code})")
        else:
            segment = replace(
                segment,
                text=self.says(outcome),
                language=outcome.language,
                words=outcome.words,
                model=outcome.model,
                timing=outcome.timing,
                after_speech_ms=self._delay(spoken),
            ).of(outcome.text.strip())
        self._results[outcome.segment] = segment
        self.watcher.recognised(segment)

    def _delay(self, spoken: _Spoken) -> int | None:
        if self.live is None:
            return None
        return round((self.live() - spoken.speech_end / SAMPLE_RATE) * 1000)


async def in_thread(blocks: Iterator[Samples], pool: Executor | None = None) -> AsyncIterator[Samples]:
    """Blocks whose reading may take time, read beside the event loop: by ``pool``, or by the loop's own."""
    read = asyncio.get_running_loop().run_in_executor
    while (block := await read(pool, next, blocks, None)) is not None:
        yield block


async def at_speaking_pace(blocks: AsyncIterator[Samples], spoken_s: Clock) -> AsyncIterator[Samples]:
    """The same samples in frames of 100 ms, each when ``spoken_s`` says that it has been spoken."""
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
