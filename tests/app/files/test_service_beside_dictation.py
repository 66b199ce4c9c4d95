"""Dictation during recognition of a long file: spoken segments overtake all but the one in the decoder."""

import asyncio
import random
import statistics
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import numpy as np
import psutil
import pytest
import soundfile

from app.files.events import RunFile
from app.files.recogniser import FileObserver, FileRecogniser
from app.files.result_store import FileResults, KnownResults, RecognisedSegment
from app.files.service import FileParts, Files
from app.files.view import AddFiles, FileState, FilesView, FileText, FileView
from app.local_services import local_gateway
from app.local_services.stack import Stack, StackSettings
from client.audio_store import TemporaryAudio
from client.events import ClientEvent
from client.gateway import GatewayClient
from loadtest.core.checksum import checksum
from protocol.audio import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import Final, Queued
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.helpers.waiting import wait_until

FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
MIB = 1024 * 1024
FLAT = 16 * MIB  # two hours of audio are 220 MiB
MOST_BEFORE = 2
"""Most texts of a file between the queueing of a spoken segment and its text: one from the decoder, and one whose
result was already on its way."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    return tmp_path


def speak(place: Path, minutes: float) -> Path:
    """Write a recording of this many minutes: sentences in random order, with pauses between them."""
    chance = random.Random(1)
    sentences = [np.concatenate(list(read_audio(path))) for path in sorted(SPEECH.glob("*.flac"))]
    left = round(minutes * 60 * SAMPLE_RATE)
    with soundfile.SoundFile(place, "w", SAMPLE_RATE, 1, "PCM_16") as file:
        while left > 0:
            pause = np.zeros(round(chance.uniform(0.3, 1.5) * SAMPLE_RATE), np.int16)
            said = np.concatenate((chance.choice(sentences), pause))[:left]
            file.write(said)
            left -= len(said)
    return place


@dataclass
class Counter:
    """Count of the texts of files."""

    texts: int = 0


@dataclass(frozen=True)
class Counting(FileRecogniser):
    """``FileRecogniser`` that counts each text as it arrives."""

    counter: Counter = field(default_factory=Counter)

    async def recognise(
        self, run: RunFile, options: Options, kept: FileResults, onlooker: FileObserver
    ) -> KnownResults:
        return await super().recognise(run, options, kept, Listening(onlooker, self.counter))


@dataclass
class Listening:
    """``FileObserver`` that counts texts and forwards events."""

    onlooker: FileObserver
    counter: Counter

    def progressed(self, position_s: float, pieces: tuple[RecognisedSegment, ...]) -> None:
        self.onlooker.progressed(position_s, pieces)

    def received(self, event: ClientEvent) -> None:
        self.counter.texts += isinstance(event, Final)
        self.onlooker.received(event)


@dataclass
class Beside:
    """Long file in progress, and the memory of the process over time."""

    counter: Counter
    views: list[FilesView] = field(default_factory=list)
    memory: list[tuple[int, int]] = field(default_factory=list)

    @property
    def file(self) -> FileView | None:
        return self.views[-1].files[0] if self.views and self.views[-1].files else None

    @property
    def state(self) -> FileState | None:
        return self.file.state if self.file else None

    def post(self, news: FilesView | FileText) -> None:
        if isinstance(news, FilesView):
            self.views = [news]
            percent = (self.file and self.file.percent) or 0
            self.memory.append((percent, psutil.Process().memory_info().rss))

    def grown(self) -> float:
        """Return the growth in bytes from the second quarter of the file, when caches are warm, to the last."""

        def between(first: int, last: int) -> float:
            return statistics.median(size for percent, size in self.memory if first <= percent <= last)

        return between(75, 100) - between(25, 50)


@asynccontextmanager
async def beside(path: Path, models: Path) -> AsyncIterator[Beside]:
    made = Beside(Counter())
    recogniser = Counting(local_gateway.locate, models / "fsmn-vad", counter=made.counter)
    files = Files(made.post, FileParts(recogniser, path.parent / "files"))
    running = asyncio.create_task(files.run())
    try:
        files.ask(AddFiles((str(path),)))
        yield made
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@dataclass(frozen=True)
class Spoken:
    """A dictated segment.

    Durations are in milliseconds. ``before``: texts of the file between the queueing of the segment and its text.
    """

    whole: float
    queue: int
    decode: int
    before: int

    @property
    def rest(self) -> float:
        """Time beyond its own decode and its wait in the queue."""
        return self.whole - self.queue - self.decode


async def dictate(counter: Counter, going: Callable[[int], bool]) -> list[Spoken]:
    """Dictate one-second segments one after the other, each with its text, while ``going``."""
    clock, chance, spoken = asyncio.get_running_loop().time, np.random.default_rng(1), list[Spoken]()
    with TemporaryAudio() as store:
        async with GatewayClient(local_gateway.locate, uuid4(), store) as client:
            events = client.events()
            while going(number := len(spoken)):
                pcm = chance.integers(-3000, 3000, SAMPLE_RATE, np.int16).tobytes()
                await client.begin(number, number * 1000)
                for at in range(0, len(pcm), FRAME_BYTES):
                    await client.audio(number, pcm[at : at + FRAME_BYTES])
                await client.end(number)
                ended, queued = clock(), counter.texts
                async for event in events:
                    if isinstance(event, Queued):
                        queued = counter.texts
                    if isinstance(event, Final):
                        assert event.text == checksum(pcm)
                        timing, whole = event.timing, (clock() - ended) * 1000
                        spoken.append(Spoken(whole, timing.queue, timing.decode, counter.texts - queued))
                        break
            await client.finish()
    return spoken


async def test_dictation_overtakes_all_but_one_segment_of_file(tmp_path: Path, models: Path) -> None:
    talk = speak(tmp_path / "talk.wav", 3)
    async with Stack(StackSettings("checksum", worker_arguments=("--set", "rtf=0.03"))) as stack:
        await stack.until_ready()
        async with beside(talk, models) as working:
            await wait_until(lambda: working.counter.texts > 0, "the file is being recognised")
            spoken = await dictate(working.counter, lambda number: number < 2)
            assert working.state is FileState.WORKING
    assert max(segment.before for segment in spoken) <= MOST_BEFORE


@pytest.mark.proof(minutes=6)
async def test_dictation_stays_fast_during_two_hour_file(tmp_path: Path, models: Path) -> None:
    """Dictate during the whole file; measure the same without a file before and after it."""
    talk = speak(tmp_path / "talk.wav", 120)
    async with Stack(StackSettings("checksum", worker_arguments=("--set", "rtf=0.03"))) as stack:
        await stack.until_ready()
        alone = await dictate(Counter(), lambda number: number < 200)
        async with beside(talk, models) as working, lateness() as late:
            await wait_until(lambda: working.counter.texts, "the file is being recognised", 60)
            spoken = await dictate(working.counter, lambda number: working.state is FileState.WORKING)
            assert working.state is FileState.DONE
        alone += await dictate(Counter(), lambda number: number < 200)
    report(alone, spoken)
    tell(f"texts of the file before one that was spoken, at most: {max(one.before for one in spoken)}")
    tell(f"the loop was late by {percentile(late, 99):.1f} ms (p99), {max(late):.1f} ms at most")
    tell(f"memory grew by {working.grown() / MIB:+.1f} MiB from the second quarter of the file to the last")
    assert max(segment.before for segment in spoken) <= MOST_BEFORE
    assert working.grown() < FLAT


# -- figures -----------------------------------------------------------------------------------------------


def report(alone: list[Spoken], beside: list[Spoken]) -> None:
    """Print both series and their ratio.

    ``rest``: time beyond its own decode and its wait in the queue.
    """
    tell(f"{len(alone)} segments alone, {len(beside)} beside the file; milliseconds, p50 and p95")
    for name in ("whole", "queue", "decode", "rest"):
        figures = [
            [percentile([getattr(one, name) for one in spoken], percent) for percent in (50, 95)]
            for spoken in (alone, beside)
        ]
        (half, most), (half_beside, most_beside) = figures
        ratio = most_beside / most if most else float("nan")
        tell(
            f"{name}: {half:.1f}, {most:.1f} alone; {half_beside:.1f}, {most_beside:.1f} beside; p95 x {ratio:.2f}"
        )


def percentile(figures: Sequence[float], percent: int) -> float:
    return sorted(figures)[min(len(figures) - 1, len(figures) * percent // 100)]


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


@asynccontextmanager
async def lateness() -> AsyncIterator[list[float]]:
    """Yield a list that collects how many milliseconds late this loop wakes a task."""
    late: list[float] = []
    clock = asyncio.get_running_loop().time

    async def watch() -> None:
        while True:
            due = clock() + 0.01
            await asyncio.sleep(0.01)
            late.append((clock() - due) * 1000)

    watching = asyncio.create_task(watch())
    try:
        yield late
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
