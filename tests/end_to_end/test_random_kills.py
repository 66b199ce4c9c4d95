"""``kill -9`` at random moments, again and again, while several people speak: nothing lost, nothing doubled."""

import asyncio
import hashlib
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from app.local_gateway import locate
from app.stack import Stack, StackSettings
from client.audio_store import TemporaryAudio
from client.gateway import GatewayClient
from protocol.audio import BYTES_PER_SAMPLE, FRAME_MS, FRAME_SAMPLES
from protocol.session import Failed, Final
from tests.helpers.waiting import wait_until

FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
SPEAKERS = 3
LONGEST_FRAMES = 15


@dataclass
class Speaker:
    """One session: says segments of random length at speaking pace, and remembers what was said and heard."""

    chance: random.Random
    said: list[str] = field(default_factory=list)
    heard: list[Final | Failed] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        """Whether something that was said has no answer yet."""
        return len(self.heard) < len(self.said)

    async def speak(self, enough: asyncio.Event) -> None:
        """Until ``enough``; then every answer is waited for."""
        with TemporaryAudio() as store:
            async with GatewayClient(locate, uuid4(), store) as client, asyncio.TaskGroup() as tasks:
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
            await asyncio.sleep(FRAME_MS / 1000)  # speaking pace, whatever has died
        self.said.append(hashlib.sha256(pcm).hexdigest()[:16])
        await client.end(segment)

    async def _listen(self, client: GatewayClient) -> None:
        async for event in client.events():
            if isinstance(event, Final | Failed):
                self.heard.append(event)


def victim(stack: Stack, kind: str) -> psutil.Process | None:
    """The process of the stack that is of this kind, if there is one now."""
    parent = stack.children.get("kikipounamu-worker" if kind == "engine" else "kikipounamu-gateway")
    try:
        if kind in ("worker", "gateway"):
            return psutil.Process(stack.children[f"kikipounamu-{kind}"])
        children = psutil.Process(parent).children() if parent else []
        named = "worker.engine_main" if kind == "engine" else "valkey-server"
        return next((child for child in children if any(named in word for word in child.cmdline())), None)
    except (psutil.Error, KeyError):
        return None


async def kill(stack: Stack, speakers: list[Speaker], kills: int, chance: random.Random) -> Counter[str]:
    """So many kills of random kinds at random moments; what was hit, and while what."""
    hit: Counter[str] = Counter()
    for number in range(kills):
        kind = ("worker", "gateway", "broker", "engine")[number % 4]
        await wait_until(partial(victim, stack, kind), f"there is a {kind}", 60)
        await asyncio.sleep(chance.uniform(0.1, 2.0))  # or it would always die as it starts
        process = await wait_until(partial(victim, stack, kind), f"there is a {kind}", 60)
        waiting = sum(speaker.waits for speaker in speakers)
        process.kill()
        hit[f"{kind} while {waiting} of {SPEAKERS} waited for text"] += 1
    return hit


async def survive(kills: int, seed: int) -> None:
    chance = random.Random(seed)
    speakers = [Speaker(random.Random(chance.random())) for _ in range(SPEAKERS)]
    enough = asyncio.Event()
    # What is killed every few seconds would otherwise wait ten seconds each time before it is started again.
    settings = StackSettings("checksum", worker_arguments=("--set", "rtf=0.3"), pause=lambda failures: 0.25)
    async with Stack(settings) as stack:
        await stack.until_ready()
        speaking = asyncio.gather(*(speaker.speak(enough) for speaker in speakers))
        hit = await kill(stack, speakers, kills, chance)
        enough.set()
        await speaking
    assert sum(hit.values()) == kills
    for line, count in sorted(hit.items()):
        sys.stdout.write(f"{count:3} x {line}\n")
    for speaker in speakers:
        texts = {final.segment: final.text for final in speaker.heard if isinstance(final, Final)}
        assert texts == dict(enumerate(speaker.said))  # nothing lost, every digest right
        assert len(speaker.heard) == len(speaker.said)  # nothing doubled
    sys.stdout.write(f"{sum(len(speaker.said) for speaker in speakers)} segments, each ended once, all right\n")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))


@pytest.mark.serial
async def test_a_few_kills() -> None:
    await survive(kills=4, seed=1)


@pytest.mark.proof
@pytest.mark.timeout(1800)
async def test_sixty_kills() -> None:
    await survive(kills=60, seed=60)
