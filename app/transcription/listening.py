"""Run one dictation: microphone -> journal -> vad -> segmenter -> journal -> gateway -> screen.

The recording continues whatever happens to the gateway. After it has ended, texts are awaited as long as
the gateway shows progress.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from math import inf
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np

from app.capture.block_buffer import BlockBuffer
from app.core.outlet import Outlet
from app.core.transcript import RecordingTranscript, Rewrite, as_it_is
from app.journal.async_journal import AsyncJournal, JournaledOutlet
from app.journal.backlog import DiskState
from app.journal.journal import Journal
from app.journal.take import Take
from app.transcription.pipeline import PipelineVad, SegmentingVad, SpanningVad, TranscriptionObserver, transcribe
from app.transcription.second_pass import SecondPass, SpanChoice
from app.transcription.span_planner import SpanPlanner, SpanRules
from app.transcription.voting_outlet import PER_RECORDING, PER_SPAN, VotingOutlet, voting
from client.connection import Locate
from client.errors import GatewayError
from client.events import ClientEvent, Disconnected
from client.gateway import GatewayClient
from client.models import LoadedModel, loaded_models
from client.request import ANSWER_S
from client.settings import ClientSettings
from protocol.audio import SAMPLE_RATE
from protocol.session import PLAIN, SegmentDetails
from speech.segmenter import Segmenter, SegmenterOptions
from speech.vad import open_vad

QUIET_S: Final = 120.0
PATIENT: Final = ClientSettings(first_contact_s=inf, give_up_s=inf, held_s=inf, quiet_s=QUIET_S)
"""Settings under which no gateway failure ends a recording. Waiting audio is on disk, so memory does not grow."""

MOST_SEGMENTS: Final = 60_000
"""A recording ends with this segment, after some 50 hours of speech. A session may have 65,536."""
_STOP_S: Final = 5.0
_ROOM_S: Final = 300.0  # wait for a full disk to have room again; audio waits in memory for less


class CuttingMode(StrEnum):
    """Rules for when a segment begins and ends."""

    HANDS_FREE = "hands-free"  # speech is sent, with 300 ms before and 200 ms after it
    TOGGLE = "toggle"  # everything except long silence is sent


VOTING: Final = {CuttingMode.HANDS_FREE: PER_SPAN, CuttingMode.TOGGLE: PER_RECORDING}
_CUTTING: Final = {
    CuttingMode.HANDS_FREE: (600, SegmenterOptions()),
    CuttingMode.TOGGLE: (800, SegmenterOptions(gate=False)),
}
_CONTEXT_MS: Final = 1_000


def mode_of(name: str) -> CuttingMode:
    """Return the mode of this name, or hands-free for an unknown name."""
    return CuttingMode(name) if name in set(CuttingMode) else CuttingMode.HANDS_FREE


def segmenting_vad(mode: CuttingMode, vad_folder: Path, *, needs_context: bool = False) -> SegmentingVad:
    """Build the cutter for a mode, with an endpoint silence of 600 ms hands-free, 800 ms otherwise.

    For a model that ``needs_context`` it is 1000 ms.
    """
    endpoint_silence_ms, options = _CUTTING[mode]
    if needs_context:
        endpoint_silence_ms = _CONTEXT_MS
    return SegmentingVad(open_vad(vad_folder, endpoint_silence_ms), Segmenter(options))


def needs_context(models: Sequence[LoadedModel], wanted: str) -> bool:
    """Return whether any model that may recognise needs context; an empty ``wanted`` means any model. Pure."""
    return any(one.needs_context for one in models if wanted in ("", one.model))


class ContextNeed:
    """The models that the gateway in use named last. While it has named none, no model needs context."""

    def __init__(self) -> None:
        self._models: Sequence[LoadedModel] = ()

    async def refresh(self, locate: Locate, deadline_s: float = ANSWER_S) -> None:
        """Ask the gateway for its models. Without an answer, those known before stay."""
        try:
            self._models = await loaded_models(locate(), deadline_s)
        except GatewayError:
            return

    def needs_context(self, model: str) -> bool:
        """Return whether recognition with ``model`` needs context; empty: any model."""
        return needs_context(self._models, model)


def warm(listener: "DictationSetup") -> None:
    """Load libraries and models so that the first take does not wait for them. Blocks."""
    segmenting_vad(listener.mode, listener.vad_folder).accept(np.zeros(SAMPLE_RATE, np.int16))


class MicrophoneStatus(Protocol):
    """The values of a microphone that are displayed."""

    @property
    def device(self) -> str: ...
    @property
    def level_dbfs(self) -> float: ...


class RecordingMicrophone(MicrophoneStatus, Protocol):
    """The part of ``app.capture.microphone.Microphone`` that the listener uses, while it records."""

    @property
    def buffer(self) -> BlockBuffer: ...
    def stop(self) -> None: ...


class DictationObserver(TranscriptionObserver):
    """Observer of a dictation. Its attributes return current values while the dictation runs."""

    unsent_s: Callable[[], float]
    silence_s: Callable[[], float]
    heard: Callable[[], bool]
    disk_state: Callable[[], DiskState]
    microphone: MicrophoneStatus | None

    def began(self, segment: int) -> None:
        """Note that a segment begins."""

    def completed(self, segment: int) -> None:
        """Note that all audio of a segment has been recorded."""

    def finished(self) -> None:
        """Note that everything has ended."""


@dataclass(frozen=True)
class DictationSetup:
    """The configuration of dictation: gateway, VAD and cutting mode.

    ``records_on``: keep recording even if the gateway refuses the session.
    ``rewrite``: the replacement rules for recognised texts. ``needs_context``: returns whether recognition with a
    model needs context; an empty name means any model. ``spans``: when consecutive segments are recognised once
    more as one; ``None``: never.
    """

    locate: Locate
    vad_folder: Path
    mode: CuttingMode = CuttingMode.HANDS_FREE
    settings: ClientSettings = PATIENT
    records_on: bool = False
    rewrite: Rewrite = as_it_is
    needs_context: Callable[[str], bool] = lambda model: False
    spans: SpanRules | None = None

    async def listen(
        self, journal: Journal, microphone: RecordingMicrophone, observer: DictationObserver
    ) -> RecordingTranscript:
        """Record until the microphone is stopped and every text has arrived, writing everything to the journal.

        Raises ``GatewayError``, ``MicrophoneError`` or ``NotKept``; all audio up to the error is in the journal.
        """
        buffer, take, store = microphone.buffer, journal.take, AsyncJournal(journal, _ROOM_S, self.rewrite)
        client = GatewayClient(self.locate, journal.session, store, take.options, self.settings)
        buffer.keep_in(journal)
        buffer.ended.add_done_callback(lambda _: microphone.stop())
        observer.microphone, observer.disk_state = microphone, lambda: journal.disk_state
        observer.unsent_s = lambda: client.unsent_s
        vad: PipelineVad | None = None
        try:
            async with client:
                outlet = _ObservedOutlet(store, client, observer, partial(self._refused, microphone, observer))
                stages = await self._stages(outlet, observer, take, lambda: client.spans)
                vad = stages.vad
                async with stages.observing as first:
                    work = transcribe(buffer.blocks(raises=False), *stages[:2], first, text_of=take.text_of)
                    await asyncio.create_task(work, name="listening/transcribe")
        except GatewayError as error:
            if self.records_on and vad is not None:
                observer.received(Disconnected(str(error), inf))
                await _record_on(buffer, vad, observer)
            raise
        finally:
            microphone.stop()
            await asyncio.wait({buffer.ended}, timeout=_STOP_S)
            buffer.end()
        if buffer.error is not None:
            raise buffer.error
        observer.finished()
        return take.transcript(journal.samples)

    def _refused(self, microphone: RecordingMicrophone, observer: DictationObserver, error: GatewayError) -> None:
        """Report at once that the session cannot continue: in silence, nothing is sent that would raise it."""
        if microphone.buffer.ended.done():
            return
        if self.records_on:
            observer.received(Disconnected(str(error), inf))
        else:
            microphone.stop()

    async def _stages(
        self, journaled: JournaledOutlet, observer: DictationObserver, take: Take, offered: Callable[[], bool]
    ) -> "_Stages":
        """Build the stages of a recording, with a second pass where it is wanted."""
        context = take.cutting.needs_context
        vad = await asyncio.to_thread(segmenting_vad, self.mode, self.vad_folder, needs_context=context)
        observer.silence_s, observer.heard = lambda: vad.silence / SAMPLE_RATE, lambda: vad.heard
        outlet = voting(journaled, take.options, VOTING[self.mode])
        if self.spans is None:
            return _Stages(vad, outlet, nullcontext(observer))
        language = outlet.language if isinstance(outlet, VotingOutlet) else lambda at, samples: ""
        second = SecondPass(observer, journaled, SpanChoice(take.options.languages), language)
        planner = SpanPlanner(replace(self.spans, offered=offered))
        return _Stages(SpanningVad(vad, planner), outlet, second)


class _Stages(NamedTuple):
    """The stages from audio to texts. ``observing``: yields the first observer of the transcription."""

    vad: PipelineVad
    outlet: Outlet
    observing: AbstractAsyncContextManager[TranscriptionObserver]


async def _record_on(buffer: BlockBuffer, vad: PipelineVad, observer: DictationObserver) -> None:
    """Record speech that no gateway accepts, and report its silence, so that a forgotten recording still ends."""
    with suppress(GatewayError):  # the journal cannot be read
        async for block in buffer.blocks(raises=False):
            vad.accept(block)
            observer.processed(vad.samples / SAMPLE_RATE)
    await asyncio.wait({buffer.ended})


class _ObservedOutlet(JournaledOutlet):
    """A ``JournaledOutlet`` that notifies ``observer`` when segments begin and end.

    ``refused`` gets the error that ends the session, as soon as it is known.
    """

    def __init__(
        self,
        journal: AsyncJournal,
        client: GatewayClient,
        observer: DictationObserver,
        refused: Callable[[GatewayError], None],
    ) -> None:
        super().__init__(journal, client)
        self._observer, self._refused = observer, refused

    async def events(self) -> AsyncIterator[ClientEvent]:
        try:
            async for event in super().events():
                yield event
        except GatewayError as error:
            self._refused(error)
            raise

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        self._observer.began(segment)
        await super().begin(segment, at, details)

    async def keep_end(self, segment: int, samples: int) -> None:
        self._observer.completed(segment)
        await super().keep_end(segment, samples)
