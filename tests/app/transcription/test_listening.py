"""Tests of a dictation with a fake microphone and gateways that appear and disappear."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cached_property
from math import inf
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from rich.console import Console

from app.capture.block_buffer import BlockBuffer
from app.capture.errors import MicrophoneRefused
from app.cli.live_screen import LiveScreen
from app.core.transcript import RecordingTranscript
from app.journal.backlog import DiskState
from app.journal.disk import AUDIO, DiskFile
from app.journal.journal import Journal, OpenFile
from app.journal.take import TakeState
from app.transcription.listening import PATIENT, CuttingMode, DictationSetup, segmenting_vad
from app.transcription.pipeline import Samples
from client.connection import Address, Locate, fixed_locator
from client.errors import GatewayError, SessionLost
from client.events import Disconnected
from loadtest.core.checksum import checksum
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from speech.segmenter import SegmentOpened
from tests.app.journal.files import FaultyFile, opened_in
from tests.helpers.played import filled
from tests.helpers.scripted_gateway import later, oblige, scripted
from tests.helpers.waiting import wait_until

ID = UUID(int=4)
BLOCK = SAMPLE_RATE // 25
AT_ONCE = replace(PATIENT, retry=lambda failures, chance, asked: 0.02)


class NotingScreen(LiveScreen):
    """A screen that notes which segments begin and end."""

    def __init__(self, out: Console, err: Console) -> None:
        super().__init__(out, err)
        self.begun: list[int] = []
        self.ended: list[int] = []

    def began(self, segment: int) -> None:
        self.begun.append(segment)

    def completed(self, segment: int) -> None:
        self.ended.append(segment)


class Played:
    """Fake microphone that plays ``audio``, then raises ``error`` or waits.

    ``tail`` arrives after the stop.
    """

    device = "played"
    level_dbfs = -20.0

    def __init__(self, audio: Samples, error: Exception | None = None, tail: Samples | None = None) -> None:
        self._audio = audio
        self._error = error
        self._tail = tail
        self._stopped = asyncio.Event()
        self.heard = 0

    @cached_property
    def buffer(self) -> BlockBuffer:
        return filled(self.blocks())

    async def blocks(self) -> AsyncIterator[Samples]:
        for start in range(0, len(self._audio), BLOCK):
            if self._stopped.is_set():
                return
            block = self._audio[start : start + BLOCK]
            self.heard += len(block)
            yield block
            await asyncio.sleep(0)
        if self._error:
            raise self._error
        await self._stopped.wait()
        await asyncio.sleep(0)
        if self._tail is not None:
            yield self._tail

    def stop(self) -> None:
        self._stopped.set()


class Later(Played):
    """Fake microphone that plays more audio once ``speaks`` is set."""

    def __init__(self, audio: Samples, more: Samples) -> None:
        super().__init__(audio)
        self._more = more
        self.speaks = asyncio.Event()

    async def blocks(self) -> AsyncIterator[Samples]:
        for start in range(0, len(self._audio), BLOCK):
            self.heard += BLOCK
            yield self._audio[start : start + BLOCK]
            await asyncio.sleep(0)
        await self.speaks.wait()
        self._audio = self._more
        async for block in super().blocks():
            yield block


class Dictation:
    """A listener that records a take in ``root``."""

    def __init__(self, root: Path, models: Path, locate: Locate, microphone: Played, **other: object) -> None:
        self.out = io.StringIO()
        self.root = root
        self.microphone = microphone
        self.screen = NotingScreen(Console(file=self.out, width=400), Console(file=io.StringIO(), width=400))
        settings = replace(AT_ONCE, **other)  # type: ignore[arg-type] # a test names what it changes
        self.listener = DictationSetup(locate, models / "fsmn-vad", settings=settings)

    async def run(self, open_file: OpenFile = DiskFile) -> RecordingTranscript:
        Journal.create(self.root, ID, Options(), 0).close()
        with Journal.reopen(self.root, ID, open_file) as journal:
            return await self.listener.listen(journal, self.microphone, self.screen)

    async def all_heard(self, audio: Samples) -> None:
        await wait_until(lambda: self.microphone.heard == len(audio), "all is heard")

    @property
    def texts(self) -> list[str]:
        return self.out.getvalue().split()


def check(root: Path, audio: Samples, said: list[str]) -> TakeState:
    """Check that all audio was kept and that each text matches the samples of its segment, in order."""
    with Journal.reopen(root, ID) as journal:
        kept = np.fromfile(journal.folder / AUDIO, "<i2")
        assert np.array_equal(kept, audio[: len(kept)])
        expected = [
            checksum(journal.audio(spoken.at, spoken.samples or 0))
            for number, spoken in sorted(journal.take.segments.items())
            if spoken.settled
        ]
        assert said == expected
        return journal.take.state(journal.samples)


async def test_listener_delivers_texts_during_recording_and_after_stop(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    async with scripted(oblige) as gateway:
        microphone = Played(talk)
        dictation = Dictation(tmp_path, models, fixed_locator(Address(gateway.url)), microphone)
        working = asyncio.create_task(dictation.run())
        await wait_until(lambda: len(dictation.texts) >= 2, "texts are written while the recording goes on")
        await dictation.all_heard(talk)
        microphone.stop()
        transcript = await working
        assert gateway.memory.received == [segment.index for segment in transcript.segments]
    assert dictation.texts == [segment.text for segment in transcript.segments]
    assert dictation.screen.begun == dictation.screen.ended == [segment.index for segment in transcript.segments]
    assert check(tmp_path, talk, dictation.texts) is TakeState.DONE


async def test_recording_continues_when_gateway_is_unreachable(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    url: list[str] = []
    microphone = Played(talk)
    dictation = Dictation(tmp_path, models, later(url), microphone)
    working = asyncio.create_task(dictation.run())
    await dictation.all_heard(talk)
    await wait_until(lambda: dictation.screen.unsent_s() > 5, "it is said what is unsent")
    assert not working.done()
    async with scripted(oblige) as gateway:
        url.append(gateway.url)
        microphone.stop()
        await working
    assert check(tmp_path, talk, dictation.texts) is TakeState.DONE


async def test_listener_gives_up_after_stop_when_gateway_stays_silent(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    microphone = Played(talk)
    dictation = Dictation(tmp_path, models, later([]), microphone, quiet_s=0.2)
    working = asyncio.create_task(dictation.run())
    await dictation.all_heard(talk)
    microphone.stop()
    with pytest.raises(SessionLost, match="nothing was heard"):
        await working
    assert check(tmp_path, talk, []) is TakeState.WAITING


async def test_cancelled_listener_keeps_all_audio(tmp_path: Path, models: Path, talk: Samples) -> None:
    spoken, tail = talk[:-BLOCK], talk[-BLOCK:]
    dictation = Dictation(tmp_path, models, later([]), Played(spoken, tail=tail))
    working = asyncio.create_task(dictation.run())
    await dictation.all_heard(spoken)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    with Journal.reopen(tmp_path, ID) as journal:
        assert journal.samples == len(talk)
        assert journal.take.state(journal.samples) is TakeState.INTERRUPTED


async def test_refusing_gateway_ends_recording_without_losing_audio(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    async with scripted(oblige, refusing=((401, {}),)) as gateway:
        dictation = Dictation(tmp_path, models, fixed_locator(Address(gateway.url)), Played(talk))
        with pytest.raises(GatewayError, match="--key"):
            await dictation.run()
    with Journal.reopen(tmp_path, ID) as journal:
        assert journal.samples == dictation.microphone.heard


async def test_refusing_gateway_does_not_end_recording_with_records_on(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    async with scripted(oblige, refusing=((401, {}),)) as gateway:
        dictation = Dictation(tmp_path, models, fixed_locator(Address(gateway.url)), Played(talk))
        dictation.listener = replace(dictation.listener, records_on=True)
        working = asyncio.create_task(dictation.run())
        await dictation.all_heard(talk)
        assert not working.done()
        dictation.microphone.stop()
        with pytest.raises(GatewayError, match="--key"):
            await working
    with Journal.reopen(tmp_path, ID) as journal:
        assert journal.samples == len(talk)


async def test_refusal_is_reported_in_silence_and_recording_continues(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    """The note must not wait for speech: a user who waits for a text would not be told."""
    silence, told = np.zeros(SAMPLE_RATE, np.int16), list[Disconnected]()
    async with scripted(oblige, refusing=((401, {}),)) as gateway:
        microphone = Later(silence, talk)
        dictation = Dictation(tmp_path, models, fixed_locator(Address(gateway.url)), microphone)
        dictation.screen.received = told.append  # type: ignore[assignment,method-assign] # only this is of interest
        dictation.listener = replace(dictation.listener, records_on=True)
        working = asyncio.create_task(dictation.run())
        await wait_until(lambda: told, "the refusal is reported")
        assert "--key" in told[0].reason and microphone.heard == len(silence) and not working.done()
        microphone.speaks.set()
        await wait_until(lambda: microphone.heard == len(silence) + len(talk), "all is heard")
        microphone.stop()
        with pytest.raises(GatewayError, match="--key"):
            await working
    with Journal.reopen(tmp_path, ID) as journal:
        assert np.array_equal(np.fromfile(journal.folder / AUDIO, "<i2"), np.concatenate([silence, talk]))


async def test_refusal_in_silence_ends_recording_without_records_on(tmp_path: Path, models: Path) -> None:
    silence = np.zeros(SAMPLE_RATE, np.int16)
    async with scripted(oblige, refusing=((401, {}),)) as gateway:
        dictation = Dictation(tmp_path, models, fixed_locator(Address(gateway.url)), Played(silence))
        with pytest.raises(GatewayError, match="--key"):
            await dictation.run()
    with Journal.reopen(tmp_path, ID) as journal:
        assert journal.samples == dictation.microphone.heard


async def test_failing_microphone_ends_recording_after_all_texts(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    async with scripted(oblige) as gateway:
        microphone = Played(talk, MicrophoneRefused("usb", "unplugged"))
        dictation = Dictation(tmp_path, models, fixed_locator(Address(gateway.url)), microphone)
        with pytest.raises(MicrophoneRefused):
            await dictation.run()
    assert len(dictation.texts) >= 2
    assert check(tmp_path, talk, dictation.texts) is TakeState.DONE


async def test_listener_loses_no_audio_when_disk_is_temporarily_full(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    files: dict[str, FaultyFile] = {}

    def full(path: Path) -> FaultyFile:
        file = opened_in(files, path)
        file.room = 1_000
        return file

    async with scripted(oblige) as gateway:
        microphone = Played(talk)
        dictation = Dictation(tmp_path, models, fixed_locator(Address(gateway.url)), microphone)
        working = asyncio.create_task(dictation.run(full))
        await dictation.all_heard(talk)
        await wait_until(lambda: dictation.screen.disk_state() is DiskState.WAITING, "it is reported")
        assert dictation.texts == []
        for file in files.values():
            file.room = None
        await wait_until(lambda: dictation.texts, "it goes on")
        microphone.stop()
        await working
    assert check(tmp_path, talk, dictation.texts) is TakeState.DONE


@pytest.mark.parametrize(("mode", "gated"), [(CuttingMode.HANDS_FREE, True), (CuttingMode.TOGGLE, False)])
def test_toggle_mode_sends_noise_that_hands_free_mode_skips(mode: CuttingMode, gated: bool, models: Path) -> None:
    """Half a second of noise is sent in toggle mode, but not hands-free."""
    noise = np.random.default_rng(1).normal(0, 1_000, SAMPLE_RATE // 2).astype(np.int16)
    vad = segmenting_vad(mode, models / "fsmn-vad")
    pieces = [*vad.accept(noise), *vad.finish()]
    assert (pieces == []) is gated


@pytest.mark.parametrize("mode", CuttingMode)
def test_model_that_needs_context_gets_longer_segments(mode: CuttingMode, models: Path, talk: Samples) -> None:
    """Pauses of 0.9 s cut speech only for other models."""
    word = talk[int(2.0 * SAMPLE_RATE) : int(4.7 * SAMPLE_RATE)]
    speech = np.concatenate([word, np.zeros(int(0.9 * SAMPLE_RATE), np.int16)] * 3)
    usual, longer = (
        sum(isinstance(output, SegmentOpened) for output in [*vad.accept(speech), *vad.finish()])
        for needed in (False, True)
        for vad in [segmenting_vad(mode, models / "fsmn-vad", needs_context=needed)]
    )
    assert longer < usual


def test_patient_settings_limit_only_the_wait_after_the_recording() -> None:
    assert {PATIENT.first_contact_s, PATIENT.give_up_s, PATIENT.held_s} == {inf}
    assert PATIENT.quiet_s < inf
