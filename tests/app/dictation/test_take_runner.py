"""Tests of the events of one take, in order, including failures.

``test_runner.py`` covers the rest.
"""

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web

from app.capture.errors import MicrophoneRefused
from app.core.errors import Note
from app.core.transcript import TranscriptSegment
from app.dictation.delivery_log import DeliveryLog
from app.dictation.gestures import TalkMode
from app.dictation.messages import (
    Event,
    FirstSample,
    Recognised,
    RecordingOver,
    SegmentBegan,
    TakeEnded,
    TakeLimit,
)
from app.dictation.recorder import Recorder
from app.dictation.take_runner import TakeParts, TakeRunner
from app.journal.disk import Disk, File
from app.journal.errors import JournalError
from app.journal.events import Cutting
from app.journal.journal import Journal
from app.journal.library import Library
from app.journal.take import TakeState
from app.transcription.listening import MOST_SEGMENTS, PATIENT, CuttingMode, DictationSetup
from app.transcription.pipeline import Samples
from backend.sessions.ledger import MOST_SEGMENTS as MOST_SEGMENTS_OF_A_SESSION
from client.connection import Address, fixed_locator
from client.events import Connected, Disconnected
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import Busy
from runtime.tasks import cancel_and_wait
from speech.audio_file import read_audio
from tests.app.dictation.world import FakeDevice, FakeDevices, silence
from tests.app.speech import recording
from tests.helpers.scripted_gateway import Memory, closing_with, oblige, scripted
from tests.helpers.waiting import wait_until

TOGGLE = TalkMode.TOGGLE
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    path = recording("en-01", to=tmp_path_factory.mktemp("talk") / "talk.wav")
    return np.concatenate(list(read_audio(path)))


class Desk:
    """A running take with its own collaborators."""

    def __init__(
        self,
        root: Path,
        models: Path,
        audio: Samples,
        url: str,
        mode: TalkMode = TalkMode.TOGGLE,
        needs_context: Callable[[str], bool] = lambda model: False,
    ) -> None:
        self.told: list[Event] = []
        self.devices = FakeDevices(audio)
        self.library = Library(root / "takes")
        self.deliveries = DeliveryLog(self.library)
        self.recorder = Recorder(self.devices, lambda change: None)
        setup = DictationSetup(
            fixed_locator(Address(url)), models / "fsmn-vad", settings=PATIENT, needs_context=needs_context
        )
        parts = TakeParts(self.library, self.deliveries, setup, self.recorder)
        self.work = TakeRunner(1, mode, parts, Options(), self.told.append)

    async def run(self, until: Callable[[], bool] = lambda: True) -> list[str]:
        """Run the take and stop it once ``until`` is true.

        Return the event names without repetitions.
        """
        async with self.recorder:
            running = asyncio.create_task(self.work.run())
            await wait_until(lambda: until() or running.done(), "it is time to stop")
            self.work.stop()
            await running
        await self.deliveries.close_all()
        kinds = [type(event).__name__ for event in self.told]
        return [kind for place, kind in enumerate(kinds) if place == 0 or kinds[place - 1] != kind]

    def all_heard(self) -> bool:
        return self.devices.device is not None and self.devices.device.heard == len(self.devices.audio)

    @property
    def note(self) -> tuple[str, str]:
        ended = self.told[-1]
        assert isinstance(ended, TakeEnded) and ended.note is not None
        assert ended.note.reason is not None
        return ended.note.key, ended.note.reason.key


async def test_take_reports_its_events_in_order(tmp_path: Path, models: Path, talk: Samples) -> None:
    async with scripted(oblige) as gateway:
        desk = Desk(tmp_path, models, talk, gateway.url)
        kinds = await desk.run(desk.all_heard)
    assert kinds[0] == "FirstSample" and kinds[-1] == "TakeEnded"
    assert [event for event in desk.told if isinstance(event, FirstSample | RecordingOver | TakeEnded)] == [
        FirstSample(1),
        RecordingOver(1),
        TakeEnded(1),
    ]
    begun = [event.segment for event in desk.told if isinstance(event, SegmentBegan)]
    ended = [event.segment.index for event in desk.told if isinstance(event, Recognised)]
    assert begun == ended == list(range(len(begun))) and begun
    assert desk.library.all()[0].samples == len(talk)


@pytest.mark.parametrize(("sample", "silent"), [(0, "default"), (1, "")])
async def test_take_reports_that_nothing_was_heard_and_names_a_muted_microphone(
    tmp_path: Path, models: Path, sample: int, silent: str
) -> None:
    async with scripted(oblige) as gateway:
        desk = Desk(tmp_path, models, silence(0.5) + np.int16(sample), gateway.url)
        await desk.run(desk.all_heard)
    assert desk.told[-1] == TakeEnded(1, heard=False, silent=silent)


async def test_stop_before_device_opens_ends_take(tmp_path: Path, models: Path, talk: Samples) -> None:
    async with scripted(oblige) as gateway:
        desk = Desk(tmp_path, models, talk, gateway.url)
        assert (await desk.run())[-2:] == ["RecordingOver", "TakeEnded"]


async def test_take_without_microphone_ends_and_leaves_no_files(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    desk = Desk(tmp_path, models, talk, NOBODY)
    desk.devices.failure = MicrophoneRefused("desk", "busy")
    assert await desk.run() == ["TakeEnded"]
    assert desk.note[0] == "not-recorded" and desk.note[1] == "microphone-refused", "nothing was recorded"
    assert desk.library.all() == []


async def test_device_is_released_when_journal_cannot_be_created(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    desk = Desk(tmp_path, models, talk, NOBODY)
    (tmp_path / "takes").write_text("a file where a folder should be")
    assert await desk.run() == ["RecordingOver", "TakeEnded"]
    assert desk.note[0] == "not-recorded" and desk.note[1] == "takes-unwritable"
    assert desk.recorder.level_dbfs is None


async def test_take_without_a_free_file_number_says_so(
    tmp_path: Path, models: Path, talk: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(disk: Disk, path: Path) -> File:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))

    monkeypatch.setattr(Disk, "open", refuse)
    desk = Desk(tmp_path, models, talk, NOBODY)
    await desk.run()
    assert desk.note == ("not-recorded", "too-many-files")
    assert desk.library.all() == []


async def test_take_that_a_full_disk_refuses_leaves_no_recording(
    tmp_path: Path, models: Path, talk: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(journal: Journal, *, inserted: bool) -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(Journal, "set_wanted", refuse)
    desk = Desk(tmp_path, models, talk, NOBODY)
    assert (await desk.run())[-1] == "TakeEnded"
    assert desk.note[0] == "not-recorded"
    assert desk.library.all() == []


async def test_take_keeps_recording_when_gateway_refuses(tmp_path: Path, models: Path, talk: Samples) -> None:
    async with scripted(closing_with(1003)) as gateway:
        desk = Desk(tmp_path, models, talk, gateway.url)
        await desk.run(desk.all_heard)
    assert desk.note == ("recording-kept", "gateway-refuses")
    assert desk.library.all()[0].samples == len(talk)


async def test_unexpected_error_ends_take_with_note(tmp_path: Path, models: Path, talk: Samples) -> None:
    desk = Desk(tmp_path, models, talk, NOBODY)
    desk.devices.failure = ValueError("a mistake")  # type: ignore[assignment] # an unexpected error
    assert await desk.run() == ["TakeEnded"]
    assert desk.note == ("recording-kept", "unexpected")
    await desk.deliveries.close_all()


async def test_cancelled_take_keeps_all_audio(tmp_path: Path, models: Path, talk: Samples) -> None:
    desk = Desk(tmp_path, models, talk, NOBODY)
    async with desk.recorder:
        running = asyncio.create_task(desk.work.run())
        await wait_until(lambda: any(take.samples == len(talk) for take in desk.library.all()), "all is kept")
        await cancel_and_wait([running])
    await desk.deliveries.close_all()
    assert not any(isinstance(event, TakeEnded) for event in desk.told)
    assert desk.library.all()[0].samples == len(talk)


async def test_take_cancelled_twice_keeps_what_was_said_before_its_journal(
    tmp_path: Path, models: Path, talk: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner of a take cancels again every half second, and a disk may need longer for a new folder."""
    goes_on = threading.Event()
    monkeypatch.setattr(Disk, "sync_folder", lambda disk, folder: goes_on.wait())
    desk = Desk(tmp_path, models, talk, NOBODY)
    async with desk.recorder:
        running = asyncio.create_task(desk.work.run())
        await wait_until(desk.all_heard, "all is said")
        for _ in range(3):
            running.cancel()
            await asyncio.sleep(0)
        goes_on.set()
        await asyncio.wait({running})
    await desk.deliveries.close_all()
    assert [(take.samples, take.state) for take in desk.library.all()] == [(len(talk), TakeState.INTERRUPTED)]


def test_note_follows_state_of_gateway(tmp_path: Path, models: Path, talk: Samples) -> None:
    work = Desk(tmp_path, models, talk, NOBODY, TalkMode.HANDS_FREE).work
    assert work._setup.mode is CuttingMode.HANDS_FREE
    notes = []
    lost = (
        Disconnected("gone", 1.0),
        Disconnected("full", 1.0, answers=True),
        Disconnected("1011", 1.0, failing=True),
    )
    for event in (*lost, Busy("no_worker"), Connected("here", True)):
        work.received(event)
        notes.append(work.note.key if work.note else None)
    expected = ["gateway-away", "broker-away", "gateway-fails", "no-worker", None]
    assert notes == expected


def test_note_stays_when_a_second_pass_is_given_up(tmp_path: Path, models: Path, talk: Samples) -> None:
    work = Desk(tmp_path, models, talk, NOBODY).work
    work.received(Busy("no_worker"))
    work.recognised(TranscriptSegment(2, 0, 0))
    assert work.note == Note("no-worker"), "the pieces of the span still wait"
    work.recognised(TranscriptSegment(0, 0, 1000, "kia ora", model="whisper-base"))
    assert work.note is None


@pytest.mark.parametrize(("destination", "key"), [("", "model-unfit"), ("desk", "no-worker")])
def test_note_says_why_this_computer_does_not_recognise(
    tmp_path: Path, models: Path, talk: Samples, destination: str, key: str
) -> None:
    work = Desk(tmp_path, models, talk, NOBODY).work
    unfit = Note("model-unfit", {"model": "whisper-huge"})
    work._parts = replace(work._parts, no_worker=lambda: unfit)
    work.destination = destination
    work.received(Busy("no_worker"))
    assert work.note is not None and work.note.key == key


@pytest.mark.parametrize(
    ("segment", "strange"),
    [
        (TranscriptSegment(0, 0, 1, text="어떤 text"), True),
        (TranscriptSegment(0, 0, 1, text="中文"), False),
        (TranscriptSegment(0, 0, 1, text="Α→Ω Ναι", recognised="yes"), False),
    ],
)
def test_recognised_text_in_a_foreign_script_is_marked(
    tmp_path: Path, models: Path, talk: Samples, segment: TranscriptSegment, strange: bool
) -> None:
    desk = Desk(tmp_path, models, talk, NOBODY)
    desk.work.options = Options(languages=("zh", "en"))
    desk.work.recognised(segment)
    assert desk.told == [Recognised(1, segment, strange)], "what replacements write is the user's own"


async def test_take_notes_whether_its_model_needs_context(tmp_path: Path, models: Path, talk: Samples) -> None:
    async with scripted(oblige) as gateway:
        desk = Desk(tmp_path, models, talk, gateway.url, needs_context=lambda model: model == "")
        await desk.run(desk.all_heard)
    assert desk.library.find(desk.work.session).take.cutting == Cutting(CuttingMode.TOGGLE, needs_context=True)


@pytest.mark.parametrize(("mode", "minutes"), [(TalkMode.TOGGLE, 5), (TalkMode.HANDS_FREE, 30)])
def test_forgotten_recording_reports_its_long_silence(
    tmp_path: Path, models: Path, talk: Samples, mode: TalkMode, minutes: int
) -> None:
    desk = Desk(tmp_path, models, talk, NOBODY, mode)
    limit_s = 60.0 * minutes
    desk.work.silence_s = lambda: limit_s - 0.1
    desk.work.processed(2 * limit_s)
    assert desk.told == [], "the user spoke less long ago"
    desk.work.silence_s = lambda: limit_s
    desk.work.processed(2 * limit_s)
    assert desk.told == [TakeLimit(1, Note("no-speech", {"minutes": str(minutes)}))]


async def test_silence_of_a_recording_is_counted_although_the_gateway_refused_it(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    """A forgotten recording ends by its silence, whatever the gateway said about the speech before."""
    refused = asyncio.Event()

    async def refuse(socket: web.WebSocketResponse, memory: Memory) -> None:
        await closing_with(1003)(socket, memory)
        refused.set()

    class TalkingDevice(FakeDevice):
        async def _blocks(self, stopped: asyncio.Event) -> AsyncIterator[Samples]:
            async for block in super()._blocks(stopped):
                yield block
                if self.heard > len(talk):
                    await refused.wait()

    async with scripted(refuse) as gateway:
        desk = Desk(tmp_path, models, np.concatenate((talk, silence(20.0))), gateway.url)
        desk.devices.kind = TalkingDevice
        await desk.run(lambda: desk.work.silence_s() > 20.0)
    assert desk.note == ("recording-kept", "gateway-refuses")


async def test_silence_of_a_recording_is_measured_by_the_vad(tmp_path: Path, models: Path, talk: Samples) -> None:
    async with scripted(oblige) as gateway:
        desk = Desk(tmp_path, models, np.concatenate((talk, silence(20.0))), gateway.url)
        await desk.run(lambda: desk.work.silence_s() > 20.0)
    assert desk.work.silence_s() < 20.0 + len(talk) / SAMPLE_RATE


def test_quiet_speech_that_is_recognised_is_no_silence(tmp_path: Path, models: Path, talk: Samples) -> None:
    """The VAD misses quiet speech."""
    desk = Desk(tmp_path, models, talk, NOBODY)
    desk.work.silence_s = lambda: 400.0
    desk.work.recognised(TranscriptSegment(0, 90_000, 100_001, text="quiet"))
    desk.work.recognised(TranscriptSegment(1, 200_000, 300_000, text=" "))
    desk.told.clear()
    desk.work.processed(400.0)
    assert desk.told == []
    desk.work.processed(401.0)
    assert desk.told == [TakeLimit(1, Note("no-speech", {"minutes": "5"}))]


def test_recording_ends_before_its_session_has_too_many_segments(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    desk = Desk(tmp_path, models, talk, NOBODY)
    desk.work.began(MOST_SEGMENTS - 1)
    assert desk.told == [SegmentBegan(1, MOST_SEGMENTS - 1)]
    desk.told.clear()
    desk.work.began(MOST_SEGMENTS)
    assert desk.told == [SegmentBegan(1, MOST_SEGMENTS), TakeLimit(1, Note("too-long"))]
    assert MOST_SEGMENTS < MOST_SEGMENTS_OF_A_SESSION
