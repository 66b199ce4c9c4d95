"""Recognise a take again for comparison: with another model, or without the VAD.

The take is only read. The result is never inserted, and the recognised text stays unchanged. One take is
recognised at a time, and a bounded number waits. The pieces sent are its segments, or all of its audio.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.core.errors import AppError, Note
from app.core.outlet import ToGateway
from app.core.problem_notes import note_of, unexpected_note
from app.core.transcript import RecordingTranscript, Rewrite, TranscriptSegment, as_it_is
from app.history.errors import NothingRecorded, NotRerun
from app.history.view import RerunOptions, RerunState, RerunView
from app.journal.errors import TakeBusy
from app.journal.events import Reran, iso_time
from app.journal.library import TakeSnapshot
from app.journal.take import Take, TakeState
from app.transcription.pipeline import ResultCollector, TranscriptionObserver, collect_events
from client.audio_store import AudioStore
from client.cancellation import cancel_and_close
from client.connection import Locate
from client.errors import AudioGone, GatewayError, SessionLost
from client.events import Outcome
from client.gateway import GatewayClient
from client.settings import ClientSettings
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.logger import bound_fields
from runtime.tasks import Closing, Tasks, close_on_error
from speech.segmenter import SegmentClosed, Segmenter, SegmenterOptions, SegmentOpened, SegmentOutput


@dataclass(frozen=True)
class TakePart:
    """Part of a take, in samples."""

    at: int
    samples: int


def pieces_of(found: TakeSnapshot, vad: bool) -> list[TakePart]:
    """Return the pieces to recognise; none is longer than a segment may be. Raises ``AudioGone``."""
    if not vad:
        return _cut(found, 0)
    known = _take_parts(found.take, found.samples)
    if found.take.finished:
        return known
    rest = known[-1].at + known[-1].samples if known else 0
    return [*known, *_cut(found, rest)]  # a crash left the rest of the audio without segments


def read_samples(audio: Path, at: int, samples: int) -> bytes:
    """Read these samples and close the file, so that it can be deleted. Raises ``AudioGone``."""
    try:
        with audio.open("rb") as file:
            file.seek(at * BYTES_PER_SAMPLE)
            pcm = file.read(samples * BYTES_PER_SAMPLE)
    except OSError as error:
        raise AudioGone(f"the recording {audio} cannot be read ({error.strerror}): it was deleted") from error
    if len(pcm) != samples * BYTES_PER_SAMPLE:
        raise AudioGone(f"samples {at} to {at + samples} are not in the recording {audio}")
    return pcm


def _take_parts(take: Take, samples: int) -> list[TakePart]:
    """Return the segments in effect, except cancelled ones; a segment without an end lasts until the next."""
    spoken = sorted((each for each in take.counted.values() if not each.cancelled), key=lambda each: each.at)
    begins = [*(segment.at for segment in spoken), samples]
    pieces: list[TakePart] = []
    for segment, following in zip(spoken, begins[1:], strict=True):
        end = following if segment.samples is None else segment.at + segment.samples
        if (length := min(end, samples) - segment.at) > 0:
            pieces.append(TakePart(segment.at, length))
    return pieces


def _cut(found: TakeSnapshot, start: int) -> list[TakePart]:
    """Cut all audio from the sample ``start`` on into pieces at quiet points, without gaps."""
    segmenter = Segmenter(SegmenterOptions(gate=False, quiet_ms=None))
    begins, lengths = list[int](), list[int]()

    def note(outputs: list[SegmentOutput]) -> None:
        begins.extend(start + output.at for output in outputs if isinstance(output, SegmentOpened))
        lengths.extend(output.samples for output in outputs if isinstance(output, SegmentClosed))

    for block in _blocks(found, start):
        note(segmenter.accept(block, ()))
    note(segmenter.finish())
    return [TakePart(at, samples) for at, samples in zip(begins, lengths, strict=True)]


def _blocks(found: TakeSnapshot, start: int) -> Iterator[NDArray[np.int16]]:
    for at in range(start, found.samples, SAMPLE_RATE):
        yield np.frombuffer(read_samples(found.audio, at, min(SAMPLE_RATE, found.samples - at)), "<i2")


log = loggers.APP_HISTORY_AGAIN

FOR_WAITING_USER: Final = ClientSettings(quiet_s=900.0)
"""Report a missing gateway soon, but wait long for texts, because dictation and files have priority."""

OnProgress = Callable[[int, int], None]
"""Receives the progress: (pieces that have ended, pieces in total)."""
MOST_WAITING: Final = 8

Rerun = Callable[[UUID, RerunOptions, OnProgress], Awaitable[Reran]]
"""Signature of ``app.history.history.History.rerun``."""


@dataclass(frozen=True)
class Rerunner:
    """Gateway and settings for repeated recognition.

    ``rewrite``: the rules that are applied to each text, as to the original.
    """

    locate: Locate
    settings: ClientSettings = field(default_factory=lambda: FOR_WAITING_USER)
    rewrite: Rewrite = as_it_is

    async def rerun(
        self, found: TakeSnapshot, options: RerunOptions, on_progress: OnProgress = lambda ended, pieces: None
    ) -> Reran:
        """Recognise a take and return the result.

        Cancellation or an error cancels unfinished pieces at the gateway. Raises ``TakeBusy`` for a take in use,
        ``GatewayError``, or ``NotRerun`` if no piece could be recognised.
        """
        if found.state is TakeState.LIVE:
            raise TakeBusy(f"take {found.session} is in use: wait until it is recognised")
        pieces = await asyncio.to_thread(pieces_of, found, options.vad)
        if not pieces:
            raise NothingRecorded("the recording is empty")
        asked = msgspec.structs.replace(found.take.options, model=options.model, priority="bulk", partials=False)
        session, audio = uuid4(), _TakeAudio(found.audio, pieces)
        settings = replace(self.settings, held_s=inf)  # no limit, because waiting audio is on disk
        texts = ResultCollector(
            _PieceCounter(on_progress, len(pieces)), text_of=lambda final: self.rewrite(final.text.strip())
        )
        with bound_fields(session=str(session)):
            async with (
                GatewayClient(self.locate, session, audio, asked, settings) as client,
                close_on_error(partial(cancel_and_close, client)),
            ):
                transcript = await _recognise(pieces, client, texts)
        failures = transcript.failures
        if len(failures) == len(pieces):
            raise NotRerun(f"no part could be recognised: {failures[0].error}")
        models = Counter(segment.model for segment in transcript.segments if segment.model)
        model = models.most_common(1)[0][0] if models else options.model
        return Reran(iso_time(time.time()), asked, options.vad, model, transcript.text, len(failures))


async def _recognise(pieces: list[TakePart], client: GatewayClient, texts: ResultCollector) -> RecordingTranscript:
    outlet = ToGateway(client, live=False)
    async with collect_events(outlet, texts.collect):
        for number, piece in enumerate(pieces):
            texts.segment_begun(number, piece.at)
            texts.segment_ended(number, piece.samples, 0)
            await outlet.begin(number, piece.at)
            await client.count_audio(number, piece.samples)
            await outlet.end(number, piece.samples)
    return texts.transcript(pieces[-1].at + pieces[-1].samples)


class _TakeAudio(AudioStore):
    """``AudioStore`` that reads the pieces of a take and stores nothing itself."""

    def __init__(self, audio: Path, pieces: list[TakePart]) -> None:
        self._audio = audio
        self._pieces = pieces

    async def read(self, segment: int, offset: int, samples: int) -> bytes:
        """Return these samples of a piece. Raises ``AudioGone`` if the take was deleted."""
        return await asyncio.to_thread(read_samples, self._audio, self._pieces[segment].at + offset, samples)

    async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> bool:
        """Do nothing, because no audio was stored."""
        return True


class _PieceCounter(TranscriptionObserver):
    """Observer that counts ended pieces."""

    def __init__(self, on_progress: OnProgress, pieces: int) -> None:
        self._on_progress, self._pieces, self._ended = on_progress, pieces, 0

    def recognised(self, segment: TranscriptSegment) -> None:
        self._ended += 1
        self._on_progress(self._ended, self._pieces)


class RerecognitionQueue(Closing):
    """Queue of takes to recognise again, one at a time.

    ``post`` receives the progress, ``on_result`` the results.
    """

    def __init__(
        self, rerun: Rerun, post: Callable[[RerunView], None], on_result: Callable[[UUID, Reran], None]
    ) -> None:
        self._rerun, self._post, self._on_result = rerun, post, on_result
        self._tasks = Tasks("again")
        self._waiting: OrderedDict[UUID, RerunOptions] = OrderedDict()
        self._running: tuple[UUID, asyncio.Task[None]] | None = None
        self._views: dict[UUID, RerunView] = {}

    async def close(self) -> None:
        """Cancel all work, including unrecognised pieces at the gateway."""
        self._waiting.clear()
        await self._tasks.close()

    def ask(self, session: UUID, options: RerunOptions) -> None:
        """Queue a take, unless it is queued or running already."""
        if session in self._views:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._post(RerunView(session, RerunState.FAILED, note=Note("again-full")))
            return
        self._waiting[session] = options
        self._show(RerunView(session, RerunState.WAITING))
        self._next()

    def stop(self, session: UUID) -> None:
        """Stop recognising a take, or remove it from the queue; repeated calls are harmless."""
        if self._running is not None and self._running[0] == session:
            self._running[1].cancel()
        elif self._waiting.pop(session, None) is not None:
            self._post_end(RerunView(session, RerunState.STOPPED))

    def _next(self) -> None:
        if self._running is None and self._waiting:
            session, options = self._waiting.popitem(last=False)
            task = self._tasks.start(self._run_one(session, options), "rerun")
            self._running = session, task
            task.add_done_callback(lambda _: self._end_run(session))

    async def _run_one(self, session: UUID, options: RerunOptions) -> None:
        self._show(RerunView(session, RerunState.RUNNING))

        def on_progress(ended: int, pieces: int) -> None:
            self._show(RerunView(session, RerunState.RUNNING, ended, pieces))

        try:
            run = await self._rerun(session, options, on_progress)
        except (AppError, GatewayError) as error:
            log.info(LogEvent.TAKE_RERECOGNITION_FAILED, session=str(session), reason=str(error))
            note = Note("again-silent") if isinstance(error, SessionLost) else note_of(error)
            self._post_end(RerunView(session, RerunState.FAILED, note=note))
        except Exception as error:
            self._post_end(RerunView(session, RerunState.FAILED, note=unexpected_note(error)))
            raise
        else:
            self._on_result(session, run)
            self._post_end(RerunView(session, RerunState.DONE))

    def _end_run(self, session: UUID) -> None:
        """Start the next take after a run; report the end of one that was cancelled before its first step."""
        self._running = None
        if session in self._views:
            self._post_end(RerunView(session, RerunState.STOPPED))
        self._next()

    def _show(self, view: RerunView) -> None:
        self._views[view.session] = view
        self._post(view)

    def _post_end(self, view: RerunView) -> None:
        self._views.pop(view.session, None)
        self._post(view)
