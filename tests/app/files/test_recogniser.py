"""Recognition of one file: positions of texts stay exact, however runs end and continue."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from app.core.errors import OutputFailed
from app.core.transcript import TranscriptSegment
from app.files.events import RunFile
from app.files.recogniser import UNHURRIED, FileRecogniser, MemoryAudio, OrderedResults, ReaderThreadVad, skipping
from app.files.result_store import FileResults, KnownResults, RecognisedSegment
from app.transcription.pipeline import Samples, SegmentingVad, in_thread
from client.connection import Address, fixed_locator
from client.errors import AudioGone, Refused
from client.events import ClientEvent, Connected
from loadtest.core.checksum import checksum
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from speech.audio_file import read_audio
from speech.errors import AudioMissing, AudioUnsupported
from speech.packing import PackingSegmenter
from speech.segmenter import SegmentClosed, Segmenter, SegmentOpened
from speech.vad import open_vad
from tests.app.speech import recording, window_digests
from tests.helpers.scripted_gateway import Gateway, breaking_after, keeping_back_after, oblige, scripted
from tests.helpers.waiting import wait_until

AT_ONCE = replace(UNHURRIED, retry=lambda failures, chance, asked: 0.02)


@dataclass
class Watching:
    """``FileObserver`` that records its calls."""

    positions: list[float] = field(default_factory=list)
    pieces: list[RecognisedSegment] = field(default_factory=list)
    events: list[ClientEvent] = field(default_factory=list)

    def progressed(self, position_s: float, pieces: tuple[RecognisedSegment, ...]) -> None:
        self.positions.append(position_s)
        self.pieces += pieces

    def received(self, event: ClientEvent) -> None:
        self.events.append(event)


@dataclass
class Bench:
    """Recording with its store and the events of its run."""

    path: Path
    kept: FileResults
    models: Path
    watching: Watching = field(default_factory=Watching)

    async def recognise(self, gateway: Gateway, *, again: bool = False) -> KnownResults:
        self.watching = Watching()
        recogniser = FileRecogniser(fixed_locator(Address(gateway.url)), self.models / "fsmn-vad", AT_ONCE)
        run = replace(self.once, again=again)
        return await recogniser.recognise(run, Options(priority="bulk"), self.kept, self.watching)

    @property
    def once(self) -> RunFile:
        return RunFile(7, str(self.path), again=False)

    @asynccontextmanager
    async def started(self, gateway: Gateway) -> AsyncIterator["asyncio.Task[KnownResults]"]:
        task = asyncio.create_task(self.recognise(gateway))
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recording(
        "en-01", "zh-01", "en-02", "zh-02", to=tmp_path_factory.mktemp("talk") / "talk.wav", silence_s=4
    )


@pytest.fixture
def bench(talk: Path, models: Path, tmp_path: Path) -> Bench:
    return Bench(talk, FileResults(tmp_path / "1.jsonl"), models)


def whole(path: Path) -> Samples:
    return np.concatenate(list(read_audio(path)))


def check(pieces: tuple[RecognisedSegment, ...], samples: Samples) -> None:
    """Check that each piece has the digest of exactly its samples, and that no pieces overlap."""
    assert [piece.segment.index for piece in pieces] == list(range(len(pieces)))
    end = 0
    for piece in pieces:
        assert piece.begin >= end
        assert piece.segment.text == checksum(samples[piece.begin : piece.end].tobytes())
        assert piece.segment.start_ms == pytest.approx(piece.begin / 16, abs=1)
        assert piece.segment.end_ms == pytest.approx(piece.end / 16, abs=1)
        end = piece.end
    assert end <= len(samples)


def heard(pieces: tuple[RecognisedSegment, ...], samples: int) -> Samples:
    """Return a mask of the samples that lie in a piece."""
    found = np.zeros(samples, np.int16)
    for piece in pieces:
        found[piece.begin : piece.end] = 1
    return found


async def test_recognise_returns_all_of_a_file(bench: Bench) -> None:
    async with scripted(oblige) as gateway:
        known = await bench.recognise(gateway)
        hello = gateway.memory.hellos[0]
    samples = whole(bench.path)
    assert [piece.segment.text for piece in known.pieces] == window_digests(bench.path, bench.models)
    check(known.pieces, samples)
    assert known.samples == len(samples)
    assert bench.kept.read() == KnownResults(known.pieces)
    assert hello.options.priority == "bulk"
    watching = bench.watching
    assert tuple(watching.pieces) == known.pieces
    assert watching.positions == sorted(watching.positions)
    assert watching.positions[-1] == pytest.approx(len(samples) / SAMPLE_RATE, abs=0.1)
    assert any(isinstance(event, Connected) for event in watching.events)


async def test_kept_pieces_hold_rewritten_and_recognised_text(bench: Bench) -> None:
    async with scripted(oblige) as gateway:
        recogniser = FileRecogniser(
            fixed_locator(Address(gateway.url)),
            bench.models / "fsmn-vad",
            AT_ONCE,
            rewrite=lambda text: f"<{text}>",
        )
        known = await recogniser.recognise(bench.once, Options(), bench.kept, bench.watching)
        again = await recogniser.recognise(bench.once, Options(), bench.kept, bench.watching)
    texts = window_digests(bench.path, bench.models)
    assert [piece.segment.recognised for piece in known.pieces] == texts
    assert [piece.segment.text for piece in known.pieces] == [f"<{text}>" for text in texts]
    assert again.pieces == bench.kept.read().pieces == known.pieces


@pytest.mark.parametrize("texts", [0, 1, 2])
async def test_recognise_continues_where_run_was_cancelled(bench: Bench, texts: int) -> None:
    async with scripted(keeping_back_after(texts)) as gateway, bench.started(gateway) as running:
        await wait_until(lambda: len(bench.watching.pieces) == texts, "the texts are there")
        await wait_until(lambda: len(gateway.memory.audio) > texts + 1, "the next segment is there too")
        running.cancel()
        await asyncio.wait({running})
        taken_back = [number for number, text in gateway.memory.texts.items() if not text]
        assert taken_back == list(range(texts, len(gateway.memory.audio)))
    async with scripted(oblige) as gateway:
        known = await bench.recognise(gateway)
        assert len(gateway.memory.texts) == len(known.pieces) - texts, "nothing is recognised twice"
    samples = whole(bench.path)
    check(known.pieces, samples)
    assert known.samples == len(samples)
    assert bench.watching.positions[0] == (known.pieces[texts - 1].end / SAMPLE_RATE if texts else 0.0)
    lost = (without_a_break(bench) - heard(known.pieces, len(samples))).clip(0).sum()
    assert lost < 0.1 * SAMPLE_RATE, "at most margins of silence differ"


def without_a_break(bench: Bench) -> Samples:
    """Return the mask of the samples that one uninterrupted run would send."""
    vad, samples = SegmentingVad(open_vad(bench.models / "fsmn-vad"), PackingSegmenter()), whole(bench.path)
    found, begin = np.zeros(len(samples), np.int16), 0
    for output in [*vad.accept(samples), *vad.finish()]:
        match output:
            case SegmentOpened(_, at):
                begin = at
            case SegmentClosed(_, length):
                found[begin : begin + length] = 1
    return found


async def test_complete_file_needs_no_gateway(bench: Bench) -> None:
    async with scripted(oblige) as gateway:
        known = await bench.recognise(gateway)
    complete = replace(known, results=("/a.srt",))
    bench.kept.finish(complete)
    assert await bench.recognise(Gateway("http://127.0.0.1:9", gateway.memory)) == complete


async def test_broken_connections_do_not_change_result(bench: Bench) -> None:
    async with scripted(breaking_after(8), breaking_after(40), oblige) as gateway:
        known = await bench.recognise(gateway)
        assert gateway.connections == 3
    assert [piece.segment.text for piece in known.pieces] == window_digests(bench.path, bench.models)


async def test_recognise_raises_when_gateway_refuses(bench: Bench) -> None:
    async with scripted(oblige, refusing=((401, {}),)) as gateway:
        with pytest.raises(Refused):
            await bench.recognise(gateway)


async def test_recognise_stops_before_sending_when_store_fails(bench: Bench, tmp_path: Path) -> None:
    async with scripted(keeping_back_after(1)) as gateway, bench.started(gateway) as running:
        await wait_until(lambda: bench.watching.pieces, "a text is there")
        await wait_until(lambda: bench.kept.read().pieces, "it is kept")
        (tmp_path / "1.jsonl").unlink()
        running.cancel()
    (tmp_path / "1.jsonl").mkdir()
    async with scripted(oblige) as gateway:
        with pytest.raises(OutputFailed):
            await bench.recognise(gateway)
        assert not gateway.connections


async def test_recognise_raises_when_file_is_missing_or_not_audio(bench: Bench, tmp_path: Path) -> None:
    async with scripted(oblige) as gateway:
        bench.path = tmp_path / "none.wav"
        with pytest.raises(AudioMissing):
            await bench.recognise(gateway)
        bench.path.write_text("not a recording at all, but long enough to look at")
        with pytest.raises(AudioUnsupported):
            await bench.recognise(gateway)


# -- parts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("skipped", [0, 1, 10, 11, 29, 30, 99])
def test_skipping_drops_samples_and_keeps_block_count(skipped: int) -> None:
    samples = np.arange(30, dtype=np.int16)
    blocks = list(skipping(iter(np.split(samples, 3)), skipped))
    assert len(blocks) == 3
    assert np.array_equal(np.concatenate(blocks), samples[skipped:])


async def test_reading_ears_hear_the_same_in_reader_thread(talk: Path, models: Path) -> None:
    plain = SegmentingVad(open_vad(models / "fsmn-vad"), Segmenter())
    expected = [piece for block in read_audio(talk) for piece in plain.accept(block)] + list(plain.finish())
    reading = ReaderThreadVad(open_vad(models / "fsmn-vad"), Segmenter())
    blocks = (block for part in ([np.empty(0, np.int16)], read_audio(talk)) for block in part)
    threads: set[int] = set()

    def noted() -> Iterator[Samples]:
        for block in blocks:
            threads.add(threading.get_ident())
            yield block

    with ThreadPoolExecutor(1) as pool:
        heard = [
            piece async for block in in_thread(reading.listen(noted()), pool) for piece in reading.accept(block)
        ]
    assert [*heard, *reading.finish()] == expected
    assert reading.samples == plain.samples
    assert threads and threading.get_ident() not in threads


async def test_memory_audio_holds_segment_until_settled() -> None:
    audio = MemoryAudio()
    audio.append(0, b"abcd")
    audio.append(1, b"xy")
    audio.append(0, b"ef")
    assert await audio.read(0, 1, 2) == b"cdef"
    with pytest.raises(AudioGone):
        await audio.read(0, 2, 2)
    await audio.settle(0, None)
    await audio.settle(0, None)
    assert await audio.read(1, 0, 1) == b"xy"
    with pytest.raises(AudioGone):
        await audio.read(0, 0, 1)


async def test_recognise_bounds_memory_when_no_result_comes(bench: Bench) -> None:
    """Reading stops when ``held_s`` of audio waits for a result."""
    held_s = 3.0
    async with scripted(keeping_back_after(0)) as gateway:
        recogniser = FileRecogniser(
            fixed_locator(Address(gateway.url)), bench.models / "fsmn-vad", replace(AT_ONCE, held_s=held_s)
        )
        looks: list[int] = []

        def settled() -> bool:
            looks.append(sum(map(len, gateway.memory.audio.values())))
            return looks[-1] > held_s * 32_000 and len(looks) > 20 and len(set(looks[-20:])) == 1

        running = asyncio.create_task(recogniser.recognise(bench.once, Options(), bench.kept, bench.watching))
        await wait_until(settled, "enough is sent, and no more")
        running.cancel()
        await asyncio.wait({running})
    assert looks[-1] < (held_s + 0.5) * 32_000


def test_progress_orders_results() -> None:
    watching = Watching()
    before = RecognisedSegment(0, 16_000, TranscriptSegment(0, 0, 1000, "before"))
    progress = OrderedResults(KnownResults((before,)), watching)
    for number in range(3):
        progress.segment_begun(number, number * 32_000)
        progress.segment_ended(number, 16_000)
    progress.processed(6.0)
    for number in (2, 0, 1):
        progress.recognised(TranscriptSegment(number, number * 2000, number * 2000 + 1000, str(number)))
    assert [piece.segment.text for piece in watching.pieces] == ["before", "0", "1", "2"]
    assert [piece.begin for piece in progress.pieces] == [0, 16_000, 48_000, 80_000]
    assert [piece.segment.start_ms for piece in progress.pieces] == [0, 1000, 3000, 5000]
    assert watching.positions == [1.0, 1.0, 1.0, 3.0, 7.0]


async def test_progress_returns_new_pieces_once_and_then_ends() -> None:
    progress = OrderedResults(KnownResults(), Watching())
    progress.segment_begun(0, 0)
    progress.segment_ended(0, 100)
    waiting = asyncio.create_task(progress.new())
    await asyncio.sleep(0)
    progress.recognised(TranscriptSegment(0, 0, 6, "x"))
    assert [piece.segment.text for piece in await waiting] == ["x"]
    progress.end()
    assert await progress.new() == []


def test_progress_check_raises_failure_of_store() -> None:
    progress = OrderedResults(KnownResults(), Watching())
    progress.check()
    progress.failure = OutputFailed("full")
    with pytest.raises(OutputFailed):
        progress.check()
