"""Resend a take whose process has ended: segments without text are sent in the same session.

If a gateway refuses that session to this device, or no longer has its results, another session is used. So no take
is lost because of the state of a gateway.

Segments keep their boundaries, because a gateway may know them. The VAD cuts only the audio after them; a segment
that had begun but not ended keeps its beginning. In a damaged take, the VAD cuts all audio without certain
boundaries, under numbers that no gateway knows.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Final as Constant
from uuid import UUID, uuid5

import msgspec

from app.core.outlet import Outlet, pass_on
from app.core.transcript import RecordingTranscript, Rewrite, as_it_is
from app.journal.async_journal import AsyncJournal, JournaledOutlet
from app.journal.journal import Journal
from app.journal.recovery import PassOver, RecoveryPlan, Replay, Resume, Skip, Step, plan
from app.journal.take import Take
from app.transcription.listening import VOTING, mode_of, segmenting_vad
from app.transcription.pipeline import SegmentingVad, TranscriptionObserver, collect_events
from app.transcription.voting_outlet import LanguageVote, VotingOutlet
from client.audio_store import AudioStore
from client.connection import Locate
from client.errors import ResultsGone, SessionOfAnother
from client.events import ClientEvent, Outcome
from client.gateway import GatewayClient
from client.session_series import MOST_SEGMENTS, SessionSeries
from client.settings import ClientSettings
from protocol.audio import SAMPLE_RATE
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import PLAIN, Failed, Final
from speech.segmenter import (
    SegmentAudio,
    SegmentClosed,
    Segmenter,
    SegmenterOptions,
    SegmentOpened,
    SegmentOutput,
    SegmentPaused,
)
from speech.vad import open_vad

_MOST_SESSIONS: Constant = 4
"""The session of a take, and those that its recoveries may use instead."""


@dataclass(frozen=True)
class Resender:
    """The gateway, VAD and settings with which a command resends takes.

    ``rewrite``: applies replacement rules to texts. ``current``: the options in effect now (see ``usable``).
    ``most_segments``: as many as a gateway accepts in a session; the following ones go into others.
    """

    locate: Locate
    vad_folder: Path
    settings: ClientSettings = field(default_factory=ClientSettings)
    rewrite: Rewrite = as_it_is
    current: Callable[[], Options] | None = None
    most_segments: int = MOST_SEGMENTS

    async def resend(self, journal: Journal, observer: TranscriptionObserver) -> RecordingTranscript:
        """Send the rest of the take and return all its text. Raises ``GatewayError``, ``NotKept``.

        Once nothing is missing, the take's texts will not be inserted: the caller uses them.
        """
        store = _Store(journal, self.rewrite)
        transcript = await self._resend_in_some_session(journal, store, observer)
        if not transcript.failures:
            await store.keep(journal.set_wanted, inserted=False)
        return transcript

    async def _resend_in_some_session(
        self, journal: Journal, store: "_Store", observer: TranscriptionObserver
    ) -> RecordingTranscript:
        first, others = journal.session, range(1, _MOST_SESSIONS)
        *sessions, last = first, *(uuid5(first, str(number)) for number in others)
        for session in sessions:
            with suppress(SessionOfAnother, ResultsGone):  # so the next session gets the audio
                return await self._resend_in(session, journal, store, observer)
        return await self._resend_in(last, journal, store, observer)

    async def _resend_in(
        self, session: UUID, journal: Journal, store: "_Store", observer: TranscriptionObserver
    ) -> RecordingTranscript:
        """Send the rest of the take in this session."""
        todo = plan(journal.take, journal.samples)
        if todo.idle:
            if todo.mends:
                await store.keep(journal.record_repair)
            await store.keep(journal.finish)
            observer.audio_ended()
            return journal.take.transcript(journal.samples)
        settings = replace(self.settings, held_s=inf)  # waiting audio is on disk, not in memory
        options = usable(journal.take, self.current()) if self.current else journal.take.options

        def connected(id: UUID, kept: AudioStore) -> GatewayClient:
            return GatewayClient(self.locate, id, kept, options, settings, resume=True)

        client = SessionSeries(connected, session, store, self.most_segments)
        sending = _Sending(journal, store, client, observer, self.vad_folder)
        for segment in todo.recut:
            await store.keep(journal.recut, segment)
        for step in todo.steps:  # before connecting: the client must know every old segment first
            await sending.replay(step)
        async with client:
            await sending.run(todo)
        return journal.take.transcript(journal.samples)


def usable(take: Take, now: Options) -> Options:
    """Return the take's options with the model of ``now``: the take's own may be the reason for missing texts.

    The same holds for its languages, if a model did not know the one that was set.
    """
    outcomes = (spoken.outcome for spoken in take.segments.values())
    unknown = any(isinstance(one, Failed) and one.code == ErrorCode.UNSUPPORTED for one in outcomes)
    spoken = now if unknown else take.options
    changed = {"language": spoken.language, "languages": spoken.languages}
    return msgspec.structs.replace(take.options, model=now.model, **changed)


def cut_outlet(outlet: Outlet, take: Take) -> Outlet:
    """Return an outlet for segments that are still to be cut: the texts of the take vote on their language."""
    if take.options.language != "auto":
        return outlet
    vote = LanguageVote(take.options.languages, VOTING[mode_of(take.cutting.mode)])
    for spoken in take.segments.values():
        at, samples, outcome = spoken.at, spoken.samples or 0, spoken.outcome
        if isinstance(outcome, Final) and outcome.text and not spoken.details.language:
            vote.result(at, samples, outcome.language)
        vote.add_segment(at, samples)
    return VotingOutlet(outlet, vote)


class _Store(AsyncJournal):
    """A journal that distinguishes segments without audio from cancelled ones."""

    def __init__(self, journal: Journal, rewrite: Rewrite) -> None:
        super().__init__(journal, rewrite=rewrite)
        self.lost: set[int] = set()
        self._take = journal.take

    async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> bool:
        """Keep the outcome of a segment; ignore numbers that are passed over, and a failure that is known."""
        spoken = self._take.segments.get(segment)
        if outcome is None and (spoken is None or spoken.recut):
            return True
        if outcome is None and segment in self.lost:
            outcome = Failed(segment, ErrorCode.AUDIO_INVALID, "its audio is missing")
        if spoken is not None and outcome is not None and spoken.outcome == outcome:
            return self.journal.saved
        return await super().settle(segment, outcome, samples)


class _Sending:
    def __init__(
        self,
        journal: Journal,
        store: _Store,
        client: SessionSeries,
        observer: TranscriptionObserver,
        vad_folder: Path,
    ) -> None:
        self._journal = journal
        self._store = store
        self._client = client
        self._outlet = JournaledOutlet(store, client)
        self._cut_outlet = cut_outlet(self._outlet, journal.take)
        self._observer = observer
        self._vad_folder = vad_folder

    async def run(self, todo: RecoveryPlan) -> None:
        """Cut the remaining audio, and wait until every segment has ended."""
        async with collect_events(self._cut_outlet, self._collect):
            if todo.rest is not None:
                await self._cut_rest(len(todo.steps), todo.rest, todo.unended)
            number = len(todo.steps)
            for gap in todo.gaps:
                number = await self._cut(number, gap.at, gap.end)
            for following, span in enumerate(todo.again, number):
                await self.replay(Replay(following, span.at, span.end - span.at))
            if todo.mends:
                await self._store.keep(self._journal.record_repair)
            self._observer.audio_ended()

    async def replay(self, step: Step) -> None:
        """Send a segment with its old boundaries."""
        number = step.segment
        if isinstance(step, PassOver):
            await self._client.begin(number, 0)
            await self._client.cancel(number)
            return
        known = self._journal.take.segments.get(number)
        await self._outlet.begin(number, step.at, known.details if known else PLAIN)
        if isinstance(step, Resume):
            return
        if isinstance(step, Skip):
            if step.lost:
                self._store.lost.add(number)
            await self._client.cancel(number)
            return
        await self._client.count_audio(number, step.samples)
        await self._outlet.end(number, step.samples)

    async def _cut_rest(self, number: int, at: int, unended: int | None) -> None:
        """Cut the audio from ``at`` on into segments from ``number`` on, after segment ``unended`` if given."""
        if unended is not None:
            at += await self._rest_of(unended, at)
        await self._cut(number, at, self._journal.samples)

    async def _cut(self, number: int, at: int, end: int) -> int:
        """Cut this audio into segments from ``number`` on; return the number after the last."""
        mode, needs_context = self._journal.take.cutting
        vad, following = segmenting_vad(mode_of(mode), self._vad_folder, needs_context=needs_context), number
        async for output in self._outputs(at, end, vad):
            if isinstance(output, SegmentOpened):
                following = number + output.segment + 1
            if not isinstance(output, SegmentPaused):  # the end follows at once
                await pass_on(output, self._cut_outlet, number, at)
        return following

    async def _rest_of(self, number: int, at: int) -> int:
        """Send the rest of a segment that began at sample ``at``, and return its length.

        Its start stays, even in silence.
        """
        vad = SegmentingVad(open_vad(self._vad_folder), Segmenter(SegmenterOptions(gate=False, quiet_ms=None)))
        length = 0
        async with aclosing(self._outputs(at, self._journal.samples, vad)) as outputs:
            async for output in outputs:
                if isinstance(output, SegmentAudio):
                    await self._outlet.audio(number, output.samples)
                elif isinstance(output, SegmentClosed):
                    length = output.samples
                    break
        await self._outlet.end(number, length)
        return length

    async def _outputs(self, at: int, end: int, vad: SegmentingVad) -> AsyncGenerator[SegmentOutput]:
        for block in self._journal.blocks(at, end):
            for output in vad.accept(block):
                yield output
            self._observer.processed((at + vad.samples) / SAMPLE_RATE)
            await asyncio.sleep(0)
        for output in vad.finish():
            yield output

    async def _collect(self, events: AsyncIterator[ClientEvent]) -> None:
        async for event in events:
            self._observer.received(event)
            if isinstance(event, Final | Failed):
                self._observer.recognised(
                    self._journal.take.recognised_segment(event.segment, self._journal.samples)
                )
