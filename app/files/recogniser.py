"""Recognise one file from where its last run ended: ``app.transcription.pipeline`` with additions for files.

Reading and VAD run in a thread, so that the loop stays free for dictation. At most ``held_s`` of audio without a
result is in memory, however long the file is; reading waits for recognition.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from typing import Final as Constant
from typing import Protocol
from uuid import uuid4

from app.core.errors import OutputFailed
from app.core.outlet import ToGateway
from app.core.transcript import Rewrite, TranscriptSegment, as_it_is
from app.files.events import RunFile
from app.files.result_store import FileResults, KnownResults, RecognisedSegment, shifted, source_of
from app.transcription.pipeline import Samples, SegmentingVad, TranscriptionObserver, in_thread, transcribe
from app.transcription.voting_outlet import PER_PART, voting
from client.cancellation import cancel_and_close
from client.connection import Locate
from client.errors import AudioGone
from client.events import ClientEvent, Outcome
from client.gateway import GatewayClient
from client.settings import ClientSettings
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import PLAIN, Final, SegmentDetails
from runtime.logger import bound_fields
from runtime.tasks import cancel_and_wait, close_on_error
from speech.audio_file import AvailableAudio
from speech.errors import AudioMissing
from speech.packing import Cutter, PackingSegmenter
from speech.segmenter import SegmentOutput
from speech.vad import Vad, open_vad

UNHURRIED: Constant = ClientSettings(first_contact_s=inf, give_up_s=inf, quiet_s=3600.0, held_s=120.0)
"""Wait for a gateway without limit, and hold only enough audio to keep a few workers busy."""

_KEEP_S: Constant = 10.0


class FileObserver(Protocol):
    """Observer of a file's progress."""

    def progressed(self, position_s: float, pieces: tuple[RecognisedSegment, ...]) -> None:
        """Accept that everything up to ``position_s`` is recognised; ``pieces`` are new and consecutive."""

    def received(self, event: ClientEvent) -> None:
        """Accept an event of the client."""


@dataclass(frozen=True)
class FileRecogniser:
    """Gateway, VAD, settings and threads that all files share.

    ``rewrite``: applied to every text.
    """

    locate: Locate
    vad_folder: Path
    settings: ClientSettings = field(default_factory=lambda: UNHURRIED)
    pool: Executor | None = None
    rewrite: Rewrite = as_it_is

    def text_of(self, final: Final) -> str:
        """Return the text of a result, rewritten by the rules."""
        return self.rewrite(final.text.strip())

    async def recognise(
        self, run: RunFile, options: Options, kept: FileResults, observer: FileObserver
    ) -> KnownResults:
        """Perform ``run``, add each result to ``kept``, and return all results.

        Cancellation or an error cancels unrecognised segments at the gateway. Raises ``SpeechError``,
        ``OutputFailed`` or ``GatewayError``; results so far stay in ``kept``.
        """
        session = uuid4()
        aside = asyncio.get_running_loop().run_in_executor
        with bound_fields(session=str(session)):
            known = await aside(self.pool, _resume_results, run, kept)
            progress = OrderedResults(known, observer)
            if known.results is not None:
                return known
            vad = await aside(self.pool, lambda: ReaderThreadVad(open_vad(self.vad_folder), PackingSegmenter()))
            audio = AvailableAudio(run.path, run.track)
            blocks = in_thread(vad.listen(skipping(iter(audio), known.origin)), self.pool)
            async with (
                _store_results(progress, kept),
                GatewayClient(self.locate, session, MemoryAudio(), options, self.settings) as client,
                close_on_error(partial(cancel_and_close, client)),
            ):
                outlet = voting(_TrackedOutlet(client, progress), options, PER_PART)
                await transcribe(blocks, vad, outlet, progress, text_of=self.text_of)
            return KnownResults(progress.pieces, known.origin + vad.samples, truncated=audio.cut is not None)


class _TrackedOutlet(ToGateway):
    """``ToGateway`` that records the positions of segments, and stops sending if results cannot be stored."""

    def __init__(self, client: GatewayClient, progress: "OrderedResults") -> None:
        super().__init__(client, live=False)
        self._progress = progress

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        self._progress.segment_begun(segment, at)
        await super().begin(segment, at, details)

    async def audio(self, segment: int, samples: Samples) -> None:
        self._progress.check()
        await super().audio(segment, samples)

    async def end(self, segment: int, samples: int) -> None:
        self._progress.segment_ended(segment, samples)
        await super().end(segment, samples)


@asynccontextmanager
async def _store_results(progress: "OrderedResults", kept: FileResults) -> AsyncIterator[None]:
    """Store results as they arrive; on exit, wait for the last one. Raises ``OutputFailed``."""
    keeper = asyncio.create_task(_store_pieces(progress, kept), name="files/keep")
    try:
        yield
    finally:
        progress.end()
        _, late = await asyncio.wait({keeper}, timeout=_KEEP_S)
        if late:
            progress.failure = OutputFailed(f"for {_KEEP_S:g} s the disk has taken nothing: is it still there?")
        await cancel_and_wait({keeper})
    progress.check()


async def _store_pieces(progress: "OrderedResults", kept: FileResults) -> None:
    try:
        while pieces := await progress.new():
            await asyncio.to_thread(kept.add, pieces)
    except OutputFailed as error:
        progress.failure = error


def _resume_results(run: RunFile, kept: FileResults) -> KnownResults:
    try:
        return kept.resume(source_of(Path(run.path), run.track), again=run.again)
    except OSError as error:
        reason = f"{run.path} cannot be opened ({error.strerror}): check the name and its permissions"
        raise AudioMissing(reason) from error


def skipping(blocks: Iterator[Samples], samples: int) -> Iterator[Samples]:
    """Drop the first ``samples``, but yield empty blocks in their place, so that the consumer is not blocked."""
    for block in blocks:
        skipped = min(samples, len(block))
        samples -= skipped
        yield block[skipped:]


class ReaderThreadVad(SegmentingVad):
    """``SegmentingVad`` that works in the thread that reads blocks, so that ``accept`` only returns results."""

    def __init__(self, vad: Vad, segmenter: Cutter) -> None:
        super().__init__(vad, segmenter)
        self._latest: Sequence[SegmentOutput] = ()
        self._last: Sequence[SegmentOutput] = ()

    def listen(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        """Process the blocks and yield them unchanged. Call this in the thread that reads. Blocks."""
        for block in blocks:
            self._latest = super().accept(block) if len(block) else ()
            yield block
        self._last = super().finish()

    def accept(self, block: Samples) -> Sequence[SegmentOutput]:
        """Return the results for the latest block."""
        return self._latest

    def finish(self) -> Sequence[SegmentOutput]:
        """Return the results for the end of the audio."""
        return self._last


class MemoryAudio:
    """``AudioStore`` in memory, which the client's ``held_s`` bounds."""

    def __init__(self) -> None:
        self._audio: dict[int, bytearray] = {}

    def append(self, segment: int, pcm: bytes) -> None:
        """Append audio to a segment."""
        self._audio.setdefault(segment, bytearray()).extend(pcm)

    async def read(self, segment: int, offset: int, samples: int) -> bytes:
        """Return exactly these samples. Raises ``AudioGone``."""
        first, size = offset * BYTES_PER_SAMPLE, samples * BYTES_PER_SAMPLE
        found = bytes(memoryview(self._audio.get(segment, b""))[first : first + size])
        if len(found) < size:
            raise AudioGone(f"samples {offset} to {offset + samples} of segment {segment} are not held any more")
        return found

    async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> bool:
        """Drop the audio of a segment; repeated calls are harmless."""
        self._audio.pop(segment, None)
        return True


@dataclass
class _Placement:
    """Position of a segment in the recording, in samples; ``samples`` is set at its end."""

    begin: int
    samples: int = 0


class OrderedResults(TranscriptionObserver):
    """Observer that turns the results of a run, in any order, into ordered pieces of the recording."""

    def __init__(self, known: KnownResults, observer: FileObserver) -> None:
        self.failure: OutputFailed | None = None
        self._observer = observer
        self._before = known
        self._placements: dict[int, _Placement] = {}  # segments of this run that wait for a result
        self._pieces = list(known.pieces)
        self._early: dict[int, RecognisedSegment] = {}  # results that wait for an earlier one
        self._new: list[RecognisedSegment] = []
        self._read = self._position = known.origin
        self._ended = False
        self._changed = asyncio.Event()
        observer.progressed(known.origin / SAMPLE_RATE, known.pieces)

    @property
    def pieces(self) -> tuple[RecognisedSegment, ...]:
        """Recognised pieces from the beginning of the recording up to the first gap."""
        return tuple(self._pieces)

    def check(self) -> None:
        """Raise ``OutputFailed`` if results cannot be stored."""
        if self.failure is not None:
            raise self.failure

    def segment_begun(self, number: int, at: int) -> None:
        """Record that a segment begins at this sample of the run."""
        self._placements[number] = _Placement(self._before.origin + at)

    def segment_ended(self, number: int, samples: int) -> None:
        """Record the length of a segment."""
        if placement := self._placements.get(number):
            placement.samples = samples

    def processed(self, seconds: float) -> None:
        """Record how much of the run has been read."""
        self._read = self._before.origin + round(seconds * SAMPLE_RATE)
        self._move(())

    def received(self, event: ClientEvent) -> None:
        """Forward an event of the client to the observer."""
        self._observer.received(event)

    def recognised(self, segment: TranscriptSegment) -> None:
        """Add the result of a segment."""
        placement = self._placements.pop(segment.index)
        of_recording = shifted(segment, len(self._before.pieces), self._before.origin)
        piece = RecognisedSegment(placement.begin, placement.samples, of_recording)
        self._early[piece.segment.index] = piece
        self._new.append(piece)
        self._changed.set()
        following: list[RecognisedSegment] = []
        while found := self._early.pop(len(self._pieces) + len(following), None):
            following.append(found)
        self._pieces += following
        self._move(tuple(following))

    def end(self) -> None:
        """Record that no more results will come."""
        self._ended = True
        self._changed.set()

    async def new(self) -> list[RecognisedSegment]:
        """Wait for new pieces, in any order, and return them; an empty list after the end."""
        while not self._new and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        new, self._new = self._new, []
        return new

    def _move(self, pieces: tuple[RecognisedSegment, ...]) -> None:
        first = min((placement.begin for placement in self._placements.values()), default=self._read)
        self._position = max(self._position, first)  # the VAD reports a segment slightly after it begins
        self._observer.progressed(self._position / SAMPLE_RATE, pieces)
