"""Kill each part of the running stack in mid-session.

The text must be complete and single, without a manual restart.
"""

import asyncio
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from app.local_services.local_gateway import locate, running
from client.audio_store import TemporaryAudio
from client.gateway import GatewayClient
from loadtest.core.checksum import checksum
from protocol.audio import BYTES_PER_SAMPLE, FRAME_SAMPLES, samples_to_ms
from protocol.session import Failed, Final
from tests.helpers.chain import Chain, Program, running_chain
from tests.helpers.processes import gone
from tests.helpers.waiting import wait_until, wait_until_sync

pytestmark = pytest.mark.serial

SECONDS = 1.0
FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
VICTIMS = {1: "kikipounamu-worker", 3: "kikipounamu-gateway", 5: "valkey-server"}
SEGMENTS = 7


@pytest.fixture
def chain(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    with running_chain(tmp_path) as chain:
        yield chain


def said(segment: int) -> bytes:
    return random.Random(segment).randbytes(int(SECONDS * 16_000) * BYTES_PER_SAMPLE)


def called(process: psutil.Process) -> set[str]:
    """Return the names of a process.

    Console scripts run as Python with their path; servers overwrite their title.
    """
    try:
        return {Path(word.split(" ")[0]).name for word in process.cmdline()[:2]}
    except psutil.Error:
        return set()


def find(stack: Program, name: str) -> psutil.Process | None:
    """Return the process of the stack with this name."""
    children = psutil.Process(stack.popen.pid).children(recursive=True)
    return next((child for child in children if name in called(child)), None)


async def ready() -> bool:
    found = await running()
    return found is not None and found.readiness.ready


async def speak(client: GatewayClient, stack: Program, killed: list[str]) -> None:
    """Speak in real time; in the middle of some segments a process is killed."""
    for segment in range(SEGMENTS):
        pcm = said(segment)
        await client.begin(segment, samples_to_ms(segment * len(pcm) // BYTES_PER_SAMPLE))
        for at in range(0, len(pcm), FRAME_BYTES):
            if at >= len(pcm) // 2 and segment in VICTIMS and len(killed) <= segment // 2:
                victim = await wait_until(partial(find, stack, VICTIMS[segment]), VICTIMS[segment])
                victim.kill()
                killed.append(VICTIMS[segment])
            await client.audio(segment, pcm[at : at + FRAME_BYTES])
            await asyncio.sleep(0.1)  # speaking pace, also while a process is dead
        await client.end(segment)
    await client.finish()


async def test_text_is_complete_when_worker_gateway_and_broker_die(chain: Chain) -> None:
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
    assert texts == {segment: checksum(said(segment)) for segment in range(SEGMENTS)}
    assert len(outcomes) == SEGMENTS


async def test_killed_stack_leaves_no_process_behind(chain: Chain) -> None:
    stack = chain.start("stack", "kikipounamu", "up", "--engine", "checksum")
    await wait_until(ready, "the stack is ready")
    family = psutil.Process(stack.popen.pid).children(recursive=True)
    assert set(VICTIMS.values()) <= set[str]().union(*map(called, family))
    stack.kill()
    wait_until_sync(lambda: all(gone(child.pid) for child in family), "every child is gone")
