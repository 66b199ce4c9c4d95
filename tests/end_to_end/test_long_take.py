"""Test a long take at a fast pace: memory stays flat, and the broker frees its disk."""

import asyncio
import random
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import numpy as np
import psutil
import pytest
import soundfile

from app.journal.library import users_library
from app.local_services.stack import Stack, StackSettings
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from speech.audio_file import read_audio
from tests.helpers.dictating import check_take
from tests.helpers.waiting import wait_until

SPEECH = Path(__file__).parents[1] / "data" / "speech"
TAKE = UUID(int=7)
MIB = 1024 * 1024
FLAT = 8 * MIB  # tolerance for allocators; an hour of audio alone is 110 MiB
IDLE = 64 * 1024


def speak(place: Path, minutes: float) -> None:
    """Record this many minutes of sentences in random order, with pauses."""
    chance = random.Random(1)
    sentences = [np.concatenate(list(read_audio(path))) for path in sorted(SPEECH.glob("*.flac"))]
    left = round(minutes * 60 * SAMPLE_RATE)
    with soundfile.SoundFile(place, "w", SAMPLE_RATE, 1, "PCM_16") as file:
        while left > 0:
            pause = np.zeros(round(chance.uniform(0.3, 1.5) * SAMPLE_RATE), np.int16)
            said = np.concatenate((chance.choice(sentences), pause))[:left]
            file.write(said)
            left -= len(said)


@dataclass
class Memory:
    """Resident memory of some processes, sampled with the progress of the take."""

    processes: dict[str, psutil.Process]
    looks: list[tuple[float, dict[str, int]]] = field(default_factory=list)

    async def watch(self, progress: Callable[[], float]) -> None:
        """Sample the memory until cancelled."""
        while True:
            resident = {name: process.memory_info().rss for name, process in self.processes.items()}
            self.looks.append((progress(), resident))
            await asyncio.sleep(0.2)

    def between(self, name: str, first: float, last: float) -> float:
        """Return the median while the take was between these fractions."""
        return statistics.median(looks[name] for at, looks in self.looks if first <= at <= last)

    def growth(self, name: str) -> float:
        """Return the growth from the second quarter, when all is warm, to the last."""
        return self.between(name, 0.75, 1.0) - self.between(name, 0.25, 0.5)


async def dictate(stack: Stack, recording: Path, model: Path, pace: float) -> Memory:
    """Dictate the whole recording while watching each process."""
    arguments = ("-m", "tests.helpers.dictation", str(TAKE), str(recording), str(model), str(pace))
    client = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL)
    gateway = psutil.Process(stack.children["kikipounamu-gateway"])
    memory = Memory({"client": psutil.Process(client.pid), "gateway": gateway, "broker": gateway.children()[0]})
    total = soundfile.info(recording).frames * BYTES_PER_SAMPLE
    audio = users_library().root / str(TAKE) / "audio.pcm16"
    watching = asyncio.create_task(memory.watch(lambda: audio.stat().st_size / total if audio.exists() else 0.0))
    try:
        await asyncio.wait({asyncio.create_task(client.wait()), watching}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        if client.returncode is None:
            client.kill()
    assert await client.wait() == 0
    return memory


def on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "appendonlydir").iterdir())


async def endure(home: Path, model: Path, minutes: float, pace: float, *, until_idle: bool) -> None:
    speak(home / "long.wav", minutes)
    broker = home / "data" / "broker"
    async with Stack(StackSettings("checksum")) as stack:
        await stack.until_ready()
        memory = await dictate(stack, home / "long.wav", model, pace)
        most = on_disk(broker)
        if until_idle:
            await wait_until(lambda: on_disk(broker) < IDLE, "the broker gives its disk back", 90)
    for name in memory.processes:
        grown, now = memory.growth(name) / MIB, memory.between(name, 0.75, 1.0) / MIB
        sys.stdout.write(f"{name}: {now:.1f} MiB at the end, {grown:+.1f} MiB since the second quarter\n")
        assert memory.growth(name) < FLAT, name
    sys.stdout.write(
        f"broker's file: {most / MIB:.1f} MiB at the end, {on_disk(broker) / 1024:.1f} KiB when idle\n"
    )
    whole = np.concatenate(list(read_audio(home / "long.wav")))
    found = users_library().find(TAKE)
    assert found.samples == len(whole)
    segments = check_take(found, whole, model)
    sys.stdout.write(f"{segments} segments in {minutes:g} minutes, each ended once, all right\n")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    return tmp_path


@pytest.mark.serial
async def test_memory_is_flat_over_five_minutes(home: Path, models: Path) -> None:
    await endure(home, models / "fsmn-vad", minutes=5, pace=40, until_idle=False)


@pytest.mark.proof(minutes=3)
async def test_memory_is_flat_and_disk_is_freed_over_an_hour(home: Path, models: Path) -> None:
    await endure(home, models / "fsmn-vad", minutes=60, pace=30, until_idle=True)
