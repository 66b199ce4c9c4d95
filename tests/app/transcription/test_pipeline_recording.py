"""Tests of a recording through the real chain while parts of it are killed."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from app.core.transcript import TranscriptSegment
from app.local_services import local_gateway
from app.local_services.stack import Stack, StackSettings
from app.transcription.pipeline import Recogniser
from app.transcription.progress import ProgressDisplay
from client.connection import Address, fixed_locator
from client.errors import Unreachable
from client.settings import ClientSettings
from speech.errors import AudioUnsupported
from tests.app.speech import SPEECH, digests, recording, window_digests
from tests.helpers.scripted_gateway import keeping_back_after, oblige, scripted
from tests.helpers.waiting import wait_until

CHECKSUM = StackSettings(engine="checksum", worker_arguments=("--set", "rtf=0.1"), pause=lambda failures: 0.1)
AT_ONCE = ClientSettings(retry=lambda failures, chance, asked: 0.05)


def display(said: Callable[[TranscriptSegment], None] = lambda segment: None) -> ProgressDisplay:
    return ProgressDisplay(Console(quiet=True), "test", said)


async def kill_and_see_it_back(stack: Stack, victim: str) -> None:
    before = stack.children[victim]
    os.kill(before, signal.SIGKILL)
    await wait_until(lambda: stack.children.get(victim) not in (None, before), f"{victim} is started again")


async def test_recording_keeps_every_text_when_gateway_and_worker_are_killed(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    path = recording("en-01", "zh-01", "en-02", "zh-02", to=tmp_path / "talk.wav", silence_s=4)
    expected = window_digests(path, models)
    assert len(expected) >= 4
    recogniser = Recogniser(local_gateway.locate, models / "fsmn-vad", settings=AT_ONCE)
    said: list[TranscriptSegment] = []
    async with Stack(CHECKSUM) as stack:
        await stack.until_ready()
        working = asyncio.create_task(stack.unless_broken(recogniser.recognise(path, display(said.append))))
        await wait_until(lambda: said, "a segment is recognised")
        await kill_and_see_it_back(stack, "kikipounamu-gateway")
        await wait_until(lambda: len(said) > 1, "the next segment is recognised")
        await kill_and_see_it_back(stack, "kikipounamu-worker")
        transcript = await working
    assert [segment.text for segment in transcript.segments] == expected
    assert sorted(segment.index for segment in said) == list(range(len(expected)))


async def test_live_recording_measures_delay_from_end_of_speech(tmp_path: Path, models: Path) -> None:
    path = recording("en-03", to=tmp_path / "short.wav")
    async with scripted(oblige) as gateway:
        recogniser = Recogniser(fixed_locator(Address(gateway.url)), models / "fsmn-vad", settings=AT_ONCE)
        transcript = await recogniser.recognise(path, display(), live=True)
    assert [segment.text for segment in transcript.segments] == digests(path, models)
    for segment in transcript.segments:
        assert segment.after_speech_ms is not None
        assert segment.after_speech_ms >= 0
        assert 0 <= segment.start_ms < segment.end_ms <= transcript.duration_ms


async def test_cancelled_recording_is_withdrawn_from_the_gateway(models: Path) -> None:
    """Ctrl-C cancels a command this way. No worker then recognises speech that is no longer wanted."""
    async with scripted(keeping_back_after(0)) as gateway:
        recogniser = Recogniser(fixed_locator(Address(gateway.url)), models / "fsmn-vad", settings=AT_ONCE)
        running = asyncio.create_task(recogniser.recognise(SPEECH / "en-01.flac", display()))
        await wait_until(lambda: gateway.memory.audio, "a segment is there")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert set(gateway.memory.received) >= set(gateway.memory.audio)


async def test_each_recording_uses_its_own_session(models: Path) -> None:
    async with scripted(oblige) as gateway:
        recogniser = Recogniser(fixed_locator(Address(gateway.url)), models / "fsmn-vad", settings=AT_ONCE)
        await recogniser.recognise(SPEECH / "en-01.flac", display())
        gateway.memory.texts.clear()
        gateway.memory.audio.clear()
        await recogniser.recognise(SPEECH / "en-01.flac", display())
    assert len({hello.session for hello in gateway.memory.hellos}) == 2
    assert not any(hello.resume for hello in gateway.memory.hellos)


async def test_recognise_rejects_file_that_is_not_audio(tmp_path: Path, models: Path) -> None:
    (tmp_path / "x.wav").write_text("not a recording at all, but long enough to look at")
    async with scripted(oblige) as gateway:
        recogniser = Recogniser(fixed_locator(Address(gateway.url)), models / "fsmn-vad", settings=AT_ONCE)
        with pytest.raises(AudioUnsupported):
            await recogniser.recognise(tmp_path / "x.wav", display())


async def test_recognise_raises_unreachable_without_gateway(models: Path) -> None:
    settings = ClientSettings(first_contact_s=0.1, retry=lambda failures, chance, asked: 0.05)
    recogniser = Recogniser(fixed_locator(Address("http://127.0.0.1:9")), models / "fsmn-vad", settings=settings)
    with pytest.raises(Unreachable):
        await recogniser.recognise(SPEECH / "en-01.flac", display())
