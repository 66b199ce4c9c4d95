"""``kill -9`` of each part of the running stack in mid-session: full text, once, and no restart by hand."""

import asyncio
import hashlib
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from app.local_gateway import locate, running
from client.audio_store import TemporaryAudio
from client.gateway import GatewayClient
from protocol.audio import BYTES_PER_SAMPLE, FRAME_SAMPLES, samples_to_ms
from protocol.session import Failed, Final
from tests.helpers.chain import Chain, Program, running_chain
from tests.helpers.processes import gone
from tests.helpers.waiting import wait_until, wait_until_sync

pytestmark = pytest.mark.serial

SECONDS = 1.5
FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
VICTIMS = {1: "kikipounamu-worker", 3: "kikipounamu-gateway", 5: "valkey-server"}
SEGMENTS = 8


@pytest.fixture
def chain(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    with running_chain(tmp_path) as chain:
        yield chain


def said(segment: int) -> bytes:
    return random.Random(segment).randbytes(int(SECONDS * 16_000) * BYTES_PER_SAMPLE)


def digest(pcm: bytes) -> str:
    return hashlib.sha256(pcm).hexdigest()[:16]


def called(process: psutil.Process) -> set[str]:
    """Names of a process: console scripts run as Python with their path, servers write over their title."""
    try:
        return {Path(word.split(" ")[0]).name for word in process.cmdline()[:2]}
    except psutil.Error:
        return set()


def find(stack: Program, name: str) -> psutil.Process | None:
    """The part of the stack that is called ``name``."""
    children = psutil.Process(stack.popen.pid).children(recursive=True)
    return next((child for child in children if name in called(child)), None)


async def ready() -> bool:
    found = await running()
    return found is not None and found.readiness.ready


async def speak(client: GatewayClient, stack: Program, killed: list[str]) -> None:
    """Real-time audio; in the middle of some segments somebody dies."""
    for segment in range(SEGMENTS):
        pcm = said(segment)
        await client.begin(segment, samples_to_ms(segment * len(pcm) // BYTES_PER_SAMPLE))
        for at in range(0, len(pcm), FRAME_BYTES):
            if at >= len(pcm) // 2 and segment in VICTIMS and len(killed) <= segment // 2:
                victim = await wait_until(partial(find, stack, VICTIMS[segment]), VICTIMS[segment])
                victim.kill()
                killed.append(VICTIMS[segment])
            await client.audio(segment, pcm[at : at + FRAME_BYTES])
            await asyncio.sleep(0.1)  # speaking pace: audio comes as it is spoken, whatever has died
        await client.end(segment)
    await client.finish()


async def test_worker_gateway_and_broker_die_one_after_the_other(chain: Chain) -> None:
    stack = chain.start("stack", "kikipounamu", "up", "--engine", "checksum")
    await wait_until(ready, "the stack is ready")
    killed: list[str] = []
    outcomes: list[Final | Failed] = []
    with TemporaryAudio() as store:
        async with GatewayClient(locate, uuid4(), store) as client:

            async def listen() -> None:
                async for event in client.events():
                    if isinstance(event, Final | Failed):
                        outcomes.append(event)

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(listen())
                tasks.create_task(speak(client, stack, killed))
    assert killed == list(VICTIMS.values())
    texts = {outcome.segment: outcome.text for outcome in outcomes if isinstance(outcome, Final)}
    assert texts == {segment: digest(said(segment)) for segment in range(SEGMENTS)}
    assert len(outcomes) == SEGMENTS


async def test_nothing_is_left_behind_when_the_stack_itself_is_killed(chain: Chain) -> None:
    stack = chain.start("stack", "kikipounamu", "up", "--engine", "checksum")
    await wait_until(ready, "the stack is ready")
    family = psutil.Process(stack.popen.pid).children(recursive=True)
    assert set(VICTIMS.values()) <= set[str]().union(*map(called, family))
    stack.kill()
    wait_until_sync(lambda: all(gone(child.pid) for child in family), "every child is gone")
