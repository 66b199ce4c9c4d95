"""Test that files in progress share the workers, and that a file alone uses all of them."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from client.audio_store import TemporaryAudio
from client.connection import Address, fixed_locator
from client.gateway import GatewayClient
from loadtest.core.checksum import checksum
from protocol.audio import SAMPLE_RATE
from protocol.endpoint import Endpoint
from protocol.recognition import Options
from protocol.session import Final
from tests.helpers.chain import running_chain
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

FILE = Options(priority="bulk", partials=False)


class File:
    """A file of noise segments; ``texts`` may arrive in any order, each once. ``workers``: who recognised them."""

    def __init__(self, segments: int, shortest_s: float, longest_s: float, seed: int) -> None:
        source = random.Random(seed)
        lengths = [round(source.uniform(shortest_s, longest_s) * SAMPLE_RATE) for _ in range(segments)]
        self.seconds = sum(lengths) / SAMPLE_RATE
        self._pcm = [source.randbytes(samples * 2) for samples in lengths]
        self.texts: dict[int, str] = {}
        self.workers: dict[int, str] = {}

    def seconds_of(self, pid: int) -> float:
        """Return the seconds of audio that the worker with this process id recognised."""
        own = [number for number, worker in self.workers.items() if str(pid) in worker.split("-")]
        return sum(len(self._pcm[number]) for number in own) / 2 / SAMPLE_RATE

    async def recognise(self, endpoint: Endpoint) -> None:
        """Send the file as fast as the gateway takes it, and check all texts."""
        with TemporaryAudio() as audio:
            locate = fixed_locator(Address(endpoint.url, endpoint.key))
            async with GatewayClient(locate, uuid4(), audio, FILE) as client:
                hearing = asyncio.create_task(self._hear(client.events()))
                for number, pcm in enumerate(self._pcm):
                    await client.begin(number, 0)
                    await client.audio(number, pcm)
                    await client.end(number)
                await client.finish()
                await client.close()
                await hearing
        assert self.texts == {number: checksum(pcm) for number, pcm in enumerate(self._pcm)}

    async def _hear(self, events: AsyncIterator[object]) -> None:
        async for event in events:
            if isinstance(event, Final):
                assert event.segment not in self.texts, "twice"
                self.texts[event.segment] = event.text
                self.workers[event.segment] = event.worker


async def test_second_file_does_not_wait_for_first(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        chain.worker("--engine", "checksum", "--set", "rtf=0.01")
        first, second = (File(40, 3.0, 5.0, seed) for seed in (1, 2))
        at_the_end: list[int] = []

        async def whole() -> None:
            await first.recognise(endpoint)
            at_the_end.append(len(second.texts))

        async with asyncio.TaskGroup() as files:
            files.create_task(whole())
            await wait_until(lambda: first.texts, "the first file is on its way", 30.0)
            files.create_task(second.recognise(endpoint))
            await wait_until(lambda: second.texts, "the second file too", 30.0)
            assert len(first.texts) < 40, "the second file waited for the first"
    assert at_the_end[0] >= 5, "too few of its 40 segments; after the first file there would be none"


@pytest.mark.proof(minutes=1.5)
@pytest.mark.serial
async def test_single_file_uses_all_workers(tmp_path: Path, broker: Broker) -> None:
    """The shares are compared, not the time, so that a busy machine changes nothing."""
    speeds = (1.0, 4.0, 16.0)
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        workers = [chain.worker("--engine", "checksum", "--set", f"rtf={1 / speed}") for speed in speeds]
        warm = File(30, 1.0, 1.5, 3)
        await warm.recognise(endpoint)  # all workers know each other's speed
        file = File(240, 1.0, 6.0, 4)
        await file.recognise(endpoint)
    shares = [file.seconds_of(worker.popen.pid) for worker in workers]
    assert sum(shares) == pytest.approx(file.seconds)
    rate = file.seconds / max(share / speed for share, speed in zip(shares, speeds, strict=True))
    sys.stdout.write(f"{rate:.1f} audio s/s of {sum(speeds):.0f}\n")
    assert rate >= 0.85 * sum(speeds)
