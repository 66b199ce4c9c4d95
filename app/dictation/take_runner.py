"""Run one take: its journal, recording and recognition.

Events go to the state machine.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid4

from app.capture.errors import MicrophoneError
from app.core.errors import AppError, Note
from app.core.problem_notes import note_of, unexpected_note
from app.core.segment_observer import Observe, SegmentEvent, SegmentStep, ignore
from app.core.transcript import TranscriptSegment
from app.dictation.delivery_log import DeliveryLog
from app.dictation.gestures import TalkMode
from app.dictation.messages import (
    Event,
    FirstSample,
    PartialResult,
    Recognised,
    RecordingOver,
    SegmentBegan,
    TakeEnded,
    TakeLimit,
)
from app.dictation.recorder import Recorder, Recording
from app.insertion.outcome import Target
from app.journal.backlog import DiskState
from app.journal.errors import JournalError
from app.journal.events import Cutting
from app.journal.journal import Journal
from app.journal.library import Library
from app.transcription.listening import (
    MOST_SEGMENTS,
    CuttingMode,
    DictationObserver,
    DictationSetup,
    MicrophoneStatus,
)
from app.transcription.span_planner import SpanRules
from client.connection import Address
from client.errors import GatewayError
from client.events import ClientEvent, Connected, Disconnected
from protocol.recognition import Options
from protocol.scripts import is_foreign
from protocol.session import Busy, Partial, Queued
from protocol.texts import without_spaces
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.logger import bound_fields
from runtime.tasks import Tasks, cancel_and_wait, complete
from speech.errors import SpeechError

log = loggers.APP_TAKE_WORK

Handle = Callable[[Event], None]

_BUSY: Final = {"no_worker": Note("no-worker"), "load": Note("much-waits"), "broker": Note("broker-away")}
SILENCE_MINUTES: Final = {mode: 5 for mode in TalkMode} | {TalkMode.HANDS_FREE: 30}
"""A recording in which nothing is said for this long was forgotten. Hands-free, long pauses are normal."""
_LAST_REVISION: Final = 2**32 - 1
_DISK: Final = {
    DiskState.WAITING: Note("disk-waiting"),
    DiskState.READ_ONLY: Note("disk-read-only"),
    DiskState.FULL: Note("disk-full"),
}


@dataclass(frozen=True)
class TakeParts:
    """The components shared by every take of this run.

    ``no_worker``: returns why this computer does not recognise, if that is known.
    """

    library: Library
    deliveries: DeliveryLog
    setup: DictationSetup
    recorder: Recorder
    observe: Observe = ignore
    key_down: Callable[[], bool] = lambda: False
    no_worker: Callable[[], Note | None] = lambda: None
    each_at_once: Callable[[], bool] = lambda: False


class TakeRunner(DictationObserver):
    """Runner of take number ``take``, in its own session.

    ``destination``: the name of the gateway that receives the audio; empty: this computer, ``None``: none now.
    """

    def __init__(self, take: int, mode: TalkMode, parts: TakeParts, options: Options, handle: Handle) -> None:
        self.session: UUID = uuid4()
        self.unsent_s: Callable[[], float] = lambda: 0.0
        self.silence_s: Callable[[], float] = lambda: 0.0
        self.heard: Callable[[], bool] = lambda: True
        self.disk_state: Callable[[], DiskState] = lambda: DiskState.WRITING
        self.microphone: MicrophoneStatus | None = None
        self.options = options
        self._take = take
        self._parts = parts
        self._handle = handle
        self._gateway: Note | None = None
        self._recording: Recording | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._silence_minutes = SILENCE_MINUTES[mode]
        self._heard_s = 0.0  # the end of the last text: the VAD misses quiet speech
        listening = CuttingMode.HANDS_FREE if mode is TalkMode.HANDS_FREE else CuttingMode.TOGGLE
        self._targets: dict[int, tuple[Target | None]] = {}
        window = self._targets.get if mode is TalkMode.HANDS_FREE else lambda piece: ()
        spans = None if parts.each_at_once() else SpanRules(key_down=parts.key_down, window=window)
        self._setup = replace(parts.setup, locate=self._locate, mode=listening, records_on=True, spans=spans)
        self.destination: str | None = None

    @property
    def note(self) -> Note | None:
        """A note for the user about the disk or the gateway, or ``None``."""
        waits_here = self._gateway == Note("no-worker") and self.destination == ""
        why = self._parts.no_worker() if waits_here else None
        return _DISK.get(self.disk_state()) or why or self._gateway

    def stop(self, late_s: float = 0.0) -> None:
        """Stop recording; speech until ``late_s`` seconds ago is still recognised."""
        self._stopped = True
        if self._recording is not None:
            self._recording.stop(late_s)

    def start(self, tasks: Tasks) -> None:
        """Start ``run`` as one of these tasks."""
        self._task = tasks.start(self.run(), f"take {self._take}")

    async def cancel(self) -> None:
        """Stop recording and recognition of a started take, and wait until both are over."""
        self.stop()
        if self._task is not None:
            await cancel_and_wait([self._task])

    def set_target(self, segment: int, target: Target | None) -> None:
        """Note the target window of a segment."""
        self._targets[segment] = (target,)

    async def run(self) -> None:
        """Run the take from opening the device to the last text.

        Always sends ``TakeEnded``, unless cancelled.
        """
        with bound_fields(session=str(self.session)):
            try:
                note = await self._work()
            except Exception as error:  # top level of a task: logged, and shown to the user
                log.exception(LogEvent.TAKE_FAILED)
                note = Note("recording-kept", reason=unexpected_note(error))
            self._handle(TakeEnded(self._take, note, self.heard(), self._silent_device()))

    def _locate(self) -> Address:
        address = self._parts.setup.locate()
        self.destination = address.name
        return address

    async def _work(self) -> Note | None:
        journal = asyncio.create_task(self._new_journal(), name=f"take {self._take}/journal")
        try:
            await self._record()
            opened = await asyncio.shield(journal)
        except MicrophoneError as error:
            await asyncio.wait({journal})
            await self._parts.deliveries.discard(self._take)
            return Note("not-recorded", reason=note_of(error))
        except JournalError as error:  # no sample has reached the disk
            await asyncio.to_thread(self._parts.library.discard, self.session)
            return Note("not-recorded", reason=note_of(error))
        except asyncio.CancelledError:
            with suppress(asyncio.CancelledError):  # cancelled again while a slow disk creates the journal
                await complete(asyncio.wait({journal}))
            if self._recording and not journal.exception():
                self._recording.buffer.keep_in(journal.result())  # what was said before the journal existed
            raise
        finally:
            if not journal.done():
                await complete(asyncio.wait({journal}))  # the code that ends the take closes the journal
            if self._recording and (journal.cancelled() or journal.exception()):
                self._recording.abandon()
        return await self._listen(opened)

    def _silent_device(self) -> str:
        """Return the name of a microphone that delivered nothing but digital silence, or an empty one."""
        recording = self._recording
        return recording.device if recording and recording.buffer.samples and recording.buffer.silent else ""

    async def _new_journal(self) -> Journal:
        journal = await asyncio.to_thread(self._create_journal)
        await self._parts.deliveries.add(self._take, journal)
        return journal

    def _create_journal(self) -> Journal:
        """Create the journal without sweeping old takes, which would delay the recording."""
        root, setup = self._parts.library.root, self._setup
        cutting = Cutting(setup.mode, setup.needs_context(self.options.model))
        journal = Journal.create(root, self.session, self.options, time.time(), cutting)
        try:
            journal.set_wanted(inserted=True)
        except JournalError:
            journal.close()
            raise
        return journal

    async def _record(self) -> None:
        recording = await self._parts.recorder.record(
            lambda: self._handle(FirstSample(self._take)), lambda: self._handle(RecordingOver(self._take))
        )
        self._recording = recording
        if self._stopped:
            recording.stop()

    async def _listen(self, journal: Journal) -> Note | None:
        assert self._recording is not None
        try:
            await self._setup.listen(journal, self._recording, self)
        except MicrophoneError as error:
            self._parts.recorder.close_device()
            return Note("microphone-failed", reason=note_of(error))
        except (GatewayError, AppError, SpeechError) as error:
            return Note("recording-kept", reason=note_of(error))
        return None

    # -- observed events -----------------------------------------------------------------------------------

    def began(self, segment: int) -> None:
        """Note that a segment begins."""
        self._notify(SegmentStep.BEGAN, segment)
        self._handle(SegmentBegan(self._take, segment))
        if segment >= MOST_SEGMENTS and not self._stopped:
            self._handle(TakeLimit(self._take, Note("too-long")))

    def processed(self, seconds: float) -> None:
        """Report a recording, now ``seconds`` long, as forgotten if nothing has been said for long."""
        silence_s = min(self.silence_s(), seconds - self._heard_s)
        if not self._stopped and silence_s >= 60 * self._silence_minutes:
            forgotten = Note("no-speech", {"minutes": str(self._silence_minutes)})
            self._handle(TakeLimit(self._take, forgotten))

    def completed(self, segment: int) -> None:
        """Note that all audio of a segment has been recorded."""
        self._notify(SegmentStep.COMPLETED, segment)

    def _notify(self, step: SegmentStep, segment: int, result: TranscriptSegment | None = None) -> None:
        self._parts.observe(SegmentEvent(step, self.session, segment, result))

    def received(self, event: ClientEvent) -> None:
        """Process partials and changes of the connection to the gateway."""
        match event:
            case Partial():
                self._handle(PartialResult(self._take, event))
            case Queued(segment):
                self._notify(SegmentStep.QUEUED, segment)
            case Connected():
                self._gateway = None
            case Disconnected(failing=failing, answers=answers):
                self.destination = None
                answering = Note("gateway-fails") if failing else Note("broker-away")
                self._gateway = answering if failing or answers else Note("gateway-away")
            case Busy(reason):
                self._gateway = _BUSY[reason]

    def withheld(self, segment: TranscriptSegment) -> None:
        """Show a text that is not final, like a partial result that stays."""
        self._notify(SegmentStep.RECOGNISED, segment.index, segment)
        shown = Partial(segment.index, _LAST_REVISION, segment.text, len(segment.text))
        self._handle(PartialResult(self._take, shown))

    def recognised(self, segment: TranscriptSegment) -> None:
        """Pass on a segment that has ended."""
        if segment.text or segment.error or segment.model:  # not a span that was given up here
            self._gateway = None
        if without_spaces(segment.text):
            self._heard_s = max(self._heard_s, segment.end_ms / 1000)
        self._notify(SegmentStep.RECOGNISED, segment.index, segment)
        strange = is_foreign(segment.original, self.options.languages)
        self._handle(Recognised(self._take, segment, strange))
