"""Kill processes at random moments while several people speak: no segment is lost or doubled."""

import asyncio
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from app.local_services.local_gateway import locate
from app.local_services.stack import Stack, StackSettings
from client.audio_store import TemporaryAudio
from client.gateway import GatewayClient
from loadtest.core.checksum import checksum
from protocol.audio import BYTES_PER_SAMPLE, FRAME_MS, FRAME_SAMPLES
from protocol.recognition import Options
from protocol.session import Failed, Final, Queued
from tests.helpers.dictating import Dictating
from tests.helpers.waiting import wait_until

ENGLISH = Path(__file__).parents[2] / "app" / "samples" / "english.flac"
FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
SPEAKERS = 3
LONGEST_FRAMES = 15
KINDS = ("worker", "gateway", "client", "broker", "engine")


@dataclass
class Speaker:
    """A session that speaks random segments at speaking pace, and records sent and received texts."""

    chance: random.Random
    said: list[str] = field(default_factory=list)
    queued: set[int] = field(default_factory=set)
    heard: list[Final | Failed] = field(default_factory=list)

    @property
    def stage(self) -> str:
        """Return the stage of its oldest segment without a text."""
        waiting = len(self.said) - len(self.heard)
        if not waiting:
            return "speaking"
        return "queued" if len(self.queued) > len(self.heard) else "on its way"

    async def speak(self, enough: asyncio.Event) -> None:
        """Speak until ``enough``, then wait for every answer."""
        with TemporaryAudio() as store:
            wanted = Options(partials=True)
            async with GatewayClient(locate, uuid4(), store, wanted) as client, asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(client))
                while not enough.is_set():
                    await self._say(client)
                await client.finish()
                await client.close()

    async def _say(self, client: GatewayClient) -> None:
        segment, pcm = len(self.said), b""
        await client.begin(segment, 0)
        for _ in range(self.chance.randint(1, LONGEST_FRAMES)):
            frame = self.chance.randbytes(FRAME_BYTES)
            await client.audio(segment, frame)
            pcm += frame
            await asyncio.sleep(FRAME_MS / 1000)  # speaking pace, also while a process is dead
            if self.chance.random() < 0.3:  # a pause, which may end the segment
                await client.speculate(segment)
        self.said.append(checksum(pcm))
        await client.end(segment)

    async def _listen(self, client: GatewayClient) -> None:
        async for event in client.events():
            if isinstance(event, Final | Failed):
                self.heard.append(event)
            elif isinstance(event, Queued):
                self.queued.add(event.segment)


@dataclass
class People:
    """All speakers: some in this process, and one in a program that may be killed too."""

    speakers: list[Speaker]
    dictating: Dictating

    async def speak(self, enough: asyncio.Event) -> None:
        """Run all speakers until ``enough`` and every answer has arrived."""
        await asyncio.gather(self.dictating.dictate(enough), *(one.speak(enough) for one in self.speakers))

    @property
    def have_texts(self) -> bool:
        """Return whether most speakers wait for no text, and the killable program dictates."""
        waiting = sum(one.stage != "speaking" for one in self.speakers)
        return waiting < len(self.speakers) / 2 and self.dictating.speaking

    @property
    def stages(self) -> str:
        """Return the counts of the speakers' stages."""
        counted = Counter(one.stage for one in self.speakers)
        return ", ".join(f"{count} {stage}" for stage, count in sorted(counted.items()))


def victim(stack: Stack, kind: str) -> psutil.Process | None:
    """Return the stack's process of this kind, if one runs."""
    parent = stack.children.get("kikipounamu-worker" if kind == "engine" else "kikipounamu-gateway")
    try:
        if kind in ("worker", "gateway"):
            return psutil.Process(stack.children[f"kikipounamu-{kind}"])
        children = psutil.Process(parent).children() if parent else []
        named = "worker.engine_main" if kind == "engine" else "valkey-server"
        return next((child for child in children if any(named in word for word in child.cmdline())), None)
    except (psutil.Error, KeyError):
        return None


async def kill(stack: Stack, people: People, kills: int, chance: random.Random) -> Counter[str]:
    """Kill random kinds at random moments. Return the victims with the speakers' stages."""
    hit: Counter[str] = Counter()
    for number in range(kills):
        kind = KINDS[number % len(KINDS)]
        if chance.random() < 0.5:  # half of the time the previous victim has recovered
            await wait_until(lambda: people.have_texts, "what was said has its text", 120)
        await asyncio.sleep(chance.uniform(0.1, 2.0))  # otherwise it would always die during its start
        if kind == "client":
            await wait_until(lambda: people.dictating.running, "there is a client", 60)
            hit[f"client {people.dictating.kill()}"] += 1
            continue
        process = await wait_until(partial(victim, stack, kind), f"there is a {kind}", 60)
        process.kill()
        hit[f"{kind} with {people.stages}"] += 1
    return hit


async def survive(kills: int, seed: int, models: Path) -> None:
    chance = random.Random(seed)
    speakers = [Speaker(random.Random(chance.random())) for _ in range(SPEAKERS)]
    people = People(speakers, Dictating(ENGLISH, models / "fsmn-vad"))
    enough = asyncio.Event()
    # Short pauses: by default a process killed every few seconds would restart only after ten seconds.
    settings = StackSettings("checksum", worker_arguments=("--set", "rtf=0.1"), pause=lambda failures: 0.25)
    async with Stack(settings) as stack:
        await stack.until_ready()
        speaking = asyncio.create_task(people.speak(enough))
        hit = await kill(stack, people, kills, chance)
        enough.set()
        await speaking
    assert sum(hit.values()) == kills
    for line, count in sorted(hit.items()):
        sys.stdout.write(f"{count:3} x {line}\n")
    for speaker in speakers:
        texts = {final.segment: final.text for final in speaker.heard if isinstance(final, Final)}
        assert texts == dict(enumerate(speaker.said))  # nothing lost, every digest right
        assert len(speaker.heard) == len(speaker.said)  # nothing doubled
    takes, dictated = people.dictating, people.dictating.check()
    spoken = sum(len(speaker.said) for speaker in speakers)
    sys.stdout.write(f"{spoken} segments, each ended once, all right\n")
    sys.stdout.write(f"the same for {dictated} segments in {len(takes.takes)} takes, ")
    sys.stdout.write(f"whose program was killed {takes.interrupted} times\n")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))


@pytest.mark.serial
async def test_few_random_kills_lose_no_segment(models: Path) -> None:
    await survive(kills=5, seed=1, models=models)


@pytest.mark.proof(minutes=6)
async def test_sixty_random_kills_lose_no_segment(models: Path) -> None:
    await survive(kills=60, seed=60, models=models)
