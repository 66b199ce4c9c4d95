"""Resending a take: each segment once, with the text of exactly its samples."""

import asyncio
import json
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from app.core.transcript import RecordingTranscript
from app.journal.disk import AUDIO, EVENTS
from app.journal.errors import NotKept
from app.journal.events import Cutting
from app.journal.journal import Journal
from app.journal.take import Take, TakeSegment, TakeState
from app.transcription.listening import CuttingMode
from app.transcription.pipeline import SegmentingVad
from app.transcription.progress import ProgressDisplay
from app.transcription.resending import Resender, cut_outlet
from client.connection import Address, fixed_locator
from client.settings import ClientSettings
from loadtest.core.checksum import checksum
from protocol.audio import SAMPLE_RATE
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import PLAIN, Failed, Final, SegmentDetails
from speech.audio_file import read_audio
from speech.segmenter import SegmentClosed, Segmenter, SegmentOpened
from speech.vad import open_vad
from tests.app.journal.files import FaultyFile, opened_in
from tests.app.speech import digests, recording
from tests.app.transcription.test_resending_sessions import forbid
from tests.app.transcription.test_voting_outlet import Recogniser
from tests.helpers.chain import KEY, Chain, running_chain
from tests.helpers.examples import examples
from tests.helpers.scripted_gateway import Gateway, oblige, scripted

ID = UUID(int=77)
AT_ONCE = ClientSettings(retry=lambda failures, chance, asked: 0.05, quiet_s=60.0)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recording("en-01", "zh-01", "en-02", to=tmp_path_factory.mktemp("talk") / "talk.wav")


@pytest.fixture(scope="module")
def whole(talk: Path, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a take of all of ``talk``, dictated without a gateway."""
    root = tmp_path_factory.mktemp("whole")
    vad = SegmentingVad(open_vad(models / "fsmn-vad"), Segmenter())
    with Journal.create(root, ID, Options(language="en"), 0.0) as journal:
        for block in read_audio(talk):
            journal.append(block)
            for output in vad.accept(block):
                if isinstance(output, SegmentOpened):
                    journal.begin(output.segment, output.at)
                elif isinstance(output, SegmentClosed):
                    journal.end(output.segment, output.samples)
                    if output.segment == 0:
                        journal.settle(0, Final(0, "known"))
    return root


@pytest.fixture
def takes(whole: Path, tmp_path: Path) -> Path:
    """A copy of the take ``whole``, to be damaged."""
    shutil.copytree(whole, tmp_path / "takes")
    return tmp_path / "takes"


async def resend(
    root: Path, address: Address, models: Path, session: UUID = ID
) -> tuple[RecordingTranscript, Take]:
    display = ProgressDisplay(Console(quiet=True), "test")
    with Journal.reopen(root, session) as journal:
        transcript = await Resender(fixed_locator(address), models / "fsmn-vad", AT_ONCE).resend(journal, display)
        assert not journal.take.line_faults
        expected = {TakeState.DAMAGED} if journal.take.damage else {TakeState.DONE, TakeState.EMPTY}
        assert journal.take.state(journal.samples) in expected
        return transcript, journal.take


def address_of(gateway: Gateway) -> Address:
    return Address(gateway.url, "k")


def cut(root: Path, name: str, size: int) -> None:
    with (root / str(ID) / name).open("r+b") as file:
        file.truncate(size)


def events(root: Path, session: UUID = ID) -> list[dict[str, object]]:
    return [json.loads(line) for line in (root / str(session) / EVENTS).read_text().splitlines()]


def check(root: Path, take: Take, known: dict[int, str], session: UUID = ID) -> None:
    """Check the texts, ends and ranges of all segments.

    Each text is the digest of its range. Each segment ended once. No two segments overlap.
    """
    audio = np.fromfile(root / str(session) / AUDIO, "<i2")
    free = 0
    for number, spoken in sorted(take.segments.items(), key=lambda each: each[1].at):
        if spoken.cancelled or 2 * spoken.at >= audio.nbytes:
            continue
        assert isinstance(spoken.outcome, Final)
        assert spoken.samples is not None
        pcm = audio[spoken.at : spoken.at + spoken.samples].tobytes()
        assert spoken.outcome.text == known.get(number, checksum(pcm))
        assert spoken.at >= free
        free = spoken.at + spoken.samples
    written = events(root, session)
    finals = Counter(event["segment"] for event in written if event["type"] == "final")
    assert set(finals.values()) <= {1}
    assert [event["type"] for event in written].count("finished") == 1


def covered(take: Take, before: Take, samples: int) -> bool:
    """Return whether segments cover all speech on disk, apart from margins and scraps."""
    mine = {n for s in take.segments.values() for n in range(s.at, s.at + (s.samples or 0), 160)}
    grid = {n // 160 for n in mine}
    for spoken in before.segments.values():
        first, last = spoken.at + 8_000, spoken.at + (spoken.samples or 0) - 8_000
        if last <= samples and not {n // 160 for n in range(first, last, 160)} <= grid:
            return False
    return True


async def test_take_without_boundaries_is_cut_like_a_live_take(takes: Path, talk: Path, models: Path) -> None:
    cut(takes, EVENTS, 0)
    async with scripted(oblige) as gateway:
        transcript, take = await resend(takes, address_of(gateway), models)
    assert [segment.text for segment in transcript.segments] == digests(talk, models)
    check(takes, take, {})


async def test_take_is_cut_in_the_mode_of_its_recording(tmp_path: Path, talk: Path, models: Path) -> None:
    with Journal.create(tmp_path, ID, Options(), 0, Cutting(CuttingMode.TOGGLE)) as journal:
        for block in read_audio(talk):
            journal.append(block)
    async with scripted(oblige) as gateway:
        transcript, _ = await resend(tmp_path, address_of(gateway), models)
    said = [segment.text for segment in transcript.segments]
    assert said == digests(talk, models, CuttingMode.TOGGLE)
    assert said != digests(talk, models)


async def test_segment_with_a_text_is_not_sent_again(takes: Path, models: Path) -> None:
    async with scripted(oblige) as gateway:
        transcript, take = await resend(takes, address_of(gateway), models)
        hello = gateway.memory.hellos[0]
        assert (hello.session, hello.resume, hello.options.language) == (ID, True, "en")
        assert 0 not in gateway.memory.audio
        assert sorted(gateway.memory.received) == list(range(len(take.segments)))
    assert transcript.segments[0].text == "known"
    check(takes, take, {0: "known"})
    assert any(event["type"] == "queued" for event in events(takes))


async def test_take_with_all_texts_needs_no_gateway(takes: Path, models: Path) -> None:
    async with scripted(oblige) as gateway:
        first, _ = await resend(takes, address_of(gateway), models)
        again, _ = await resend(takes, Address("http://127.0.0.1:9"), models)
        assert gateway.connections == 1
    assert again == first


async def test_loop_does_not_wait_for_the_disk_at_the_end_of_a_take_without_speech(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, finish = list[threading.Thread](), Journal.finish

    def noted(journal: Journal) -> None:
        threads.append(threading.current_thread())
        finish(journal)

    monkeypatch.setattr(Journal, "finish", noted)
    Journal.create(tmp_path, ID, Options(), 0.0).close()
    await resend(tmp_path, Address("http://127.0.0.1:9"), models)
    assert len(threads) == 1 and threads[0] is not threading.main_thread()


async def test_gateway_that_knows_the_session_gets_only_missing_audio(takes: Path, models: Path) -> None:
    """The gateway has the text of segment 1 and the beginning of segment 2."""
    with Journal.reopen(takes, ID) as journal:
        beginning = journal.audio(journal.take.segments[2].at, 4_000)
    async with scripted(oblige) as gateway:
        gateway.memory.audio[2] = bytearray(beginning)
        gateway.memory.texts[1] = "found there"
        _, take = await resend(takes, address_of(gateway), models)
        assert 1 not in gateway.memory.audio
        assert 1 in gateway.memory.received
    check(takes, take, {0: "known", 1: "found there"})


async def test_failed_segment_is_sent_again(takes: Path, models: Path) -> None:
    with Journal.reopen(takes, ID) as journal:
        journal.settle(1, Failed(1, ErrorCode.ENGINE_DIED, "no"))
    async with scripted(oblige) as gateway:
        _, take = await resend(takes, address_of(gateway), models)
    check(takes, take, {0: "known"})


async def test_take_is_cut_once_although_its_own_session_is_refused(takes: Path, talk: Path, models: Path) -> None:
    """The first segments are already cut and kept when the refusal comes."""
    cut(takes, EVENTS, 0)
    async with scripted(forbid, forbid, oblige) as gateway:
        transcript, take = await resend(takes, address_of(gateway), models)
    assert [segment.text for segment in transcript.segments] == digests(talk, models)
    check(takes, take, {})


async def test_unfinished_segment_keeps_its_beginning(takes: Path, models: Path) -> None:
    lines = (takes / str(ID) / EVENTS).read_bytes().splitlines(keepends=True)
    last = max(n for n, line in enumerate(lines) if b'"begin"' in line)
    begun = json.loads(lines[last])
    cut(takes, EVENTS, sum(map(len, lines[: last + 1])))
    async with scripted(oblige) as gateway:
        _, take = await resend(takes, address_of(gateway), models)
    assert take.segments[begun["segment"]].at == begun["at"]
    check(takes, take, {0: "known"})


async def test_unfinished_segment_keeps_its_beginning_even_if_silent(takes: Path, models: Path) -> None:
    """A gateway may have the beginning. The end is where the speech ends, as if there were no silence."""
    with Journal.reopen(takes, ID) as journal:
        live = journal.take.segments[0]
    cut(takes, EVENTS, (takes / str(ID) / EVENTS).read_bytes().index(b"\n") + 1)
    with Journal.reopen(takes, ID) as journal:
        journal.begin(0, 160)
        beginning = journal.audio(journal.take.segments[0].at, 4_000)
    async with scripted(oblige) as gateway:
        gateway.memory.audio[0] = bytearray(beginning)
        _, take = await resend(takes, address_of(gateway), models)
    assert live.samples is not None
    assert take.segments[0].at == 160
    assert take.segments[0].samples == live.at + live.samples - 160
    check(takes, take, {})


async def test_segment_fails_and_take_stays_damaged_when_its_audio_is_gone(takes: Path, models: Path) -> None:
    with Journal.reopen(takes, ID) as journal:
        second = journal.take.segments[1].at
    cut(takes, AUDIO, 2 * second)
    async with scripted(oblige) as gateway:
        for attempt in ("first", "second"):
            transcript, take = await resend(takes, address_of(gateway), models)
            assert {segment.error for segment in transcript.failures} == {"its audio is missing (audio_invalid)"}
            assert len(transcript.failures) == len(take.segments) - 1, attempt
            (fault,) = take.damage
            assert str(fault).startswith(f"audio.pcm16: the audio ends at byte {2 * second}, but ")
            failed = [event for event in events(takes) if event["type"] == "failed"]
            assert len(failed) == len(take.segments) - 1, attempt


async def test_text_is_not_acknowledged_when_the_disk_is_full(takes: Path, models: Path) -> None:
    """The disk fills up during the session: the session ends with an error. With room, everything is recovered."""
    files: dict[str, FaultyFile] = {}
    display = ProgressDisplay(Console(quiet=True), "test")
    async with scripted(oblige) as gateway:
        resender = Resender(fixed_locator(address_of(gateway)), models / "fsmn-vad", AT_ONCE)
        with Journal.reopen(takes, ID, lambda path: opened_in(files, path)) as journal:
            journal.finish()
            files[EVENTS].room = 250  # room for at most one text
            with pytest.raises(NotKept, match="No space left on device"):
                await resender.resend(journal, display)
            files[EVENTS].room = None
            kept = {n for n, spoken in journal.take.segments.items() if spoken.outcome}
        assert set(gateway.memory.received) <= kept
        assert len(kept) < len(journal.take.segments)
        _, take = await resend(takes, address_of(gateway), models)
        assert sorted(gateway.memory.received) == list(range(len(take.segments)))
    check(takes, take, {0: "known"})


@given(st.floats(0, 1), st.one_of(st.just(1.0), st.floats(0, 1)))
@settings(max_examples=examples(30))
def test_take_is_recovered_when_both_files_end_anywhere(
    whole: Path, models: Path, in_events: float, in_audio: float
) -> None:
    root = whole.parent / "cut"
    shutil.copytree(whole, root)
    try:
        with Journal.reopen(root, ID) as journal:
            before = journal.take
        for name, share in ((EVENTS, in_events), (AUDIO, in_audio)):
            cut(root, name, round((root / str(ID) / name).stat().st_size * share))
        known = {0: "known"} if b"known" in (root / str(ID) / EVENTS).read_bytes() else {}

        async def go_on() -> Take:
            async with scripted(oblige) as gateway:
                return (await resend(root, address_of(gateway), models))[1]

        take = asyncio.run(go_on())
        if not take.segments or not known or take.segments[0].outcome != Final(0, "known"):
            known = {}
        check(root, take, known)
        assert covered(take, before, (root / str(ID) / AUDIO).stat().st_size // 2)
    finally:
        shutil.rmtree(root)


# -- through the real chain --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with running_chain(tmp_path_factory.mktemp("chain")) as chain:
        yield chain


@pytest.fixture(scope="module")
def address(chain: Chain) -> Address:
    _, endpoint = chain.gateway()
    chain.worker()
    return Address(endpoint.url, endpoint.key)


@pytest.mark.serial
@pytest.mark.parametrize("after", [1, 20, 47, 80, 101])
def test_take_is_completed_after_its_sender_was_killed(
    after: int, talk: Path, models: Path, address: Address, tmp_path: Path
) -> None:
    session = uuid4()
    arguments = [str(tmp_path), str(session), address.url, KEY, str(talk), str(models / "fsmn-vad")]
    command = [sys.executable, "-m", "tests.app.capture.speaker", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as speaker:
        assert speaker.stdout is not None
        for _ in range(after):
            assert speaker.stdout.readline()
        speaker.kill()
    with (tmp_path / str(session) / AUDIO).open("ab") as audio:  # the rest of the speech
        whole = np.concatenate(list(read_audio(talk))).tobytes()
        audio.write(whole[audio.tell() :])
    with Journal.reopen(tmp_path, session) as journal:
        before = journal.take
    _, take = asyncio.run(resend(tmp_path, address, models, session))
    check(tmp_path, take, {}, session)
    for number, spoken in before.segments.items():
        assert take.segments[number].at == spoken.at
        assert spoken.samples in (None, take.segments[number].samples)


async def test_segments_that_are_cut_again_get_the_language_of_the_take() -> None:
    take = Take(Options(languages=("zh", "en")), cutting=Cutting(CuttingMode.TOGGLE))
    at = 0
    for number, (seconds, details) in enumerate([(3, PLAIN), (9, SegmentDetails(language="en")), (1, PLAIN)]):
        outcome = Final(number, "text", language=details.language or "zh")
        take.segments[number] = TakeSegment(at, details, seconds * SAMPLE_RATE, outcome)
        at += seconds * SAMPLE_RATE
    recogniser = Recogniser()
    await cut_outlet(recogniser, take).begin(3, at)
    assert recogniser.begun == ["zh"], "a language that was given is no vote"
    take.options = Options("en")
    assert cut_outlet(recogniser, take) is recogniser
