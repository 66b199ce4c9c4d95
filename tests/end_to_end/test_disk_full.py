"""Test full disks under broker and journal, and full broker memory: reported, and no speech is lost."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import numpy as np
import pytest
from redis.asyncio import Redis
from rich.console import Console

from app.capture.block_buffer import BlockBuffer
from app.cli.live_screen import LiveScreen
from app.journal.backlog import DiskState
from app.journal.library import users_library
from app.journal.take import TakeState
from app.transcription.listening import DictationSetup
from app.transcription.pipeline import Samples
from client.connection import Address, fixed_locator
from client.settings import ClientSettings
from loadtest.core.checksum import checksum
from loadtest.scenarios.sessions import SessionPlan, run_sessions
from protocol.audio import SAMPLE_RATE
from protocol.endpoint import Endpoint
from protocol.job import Keys
from protocol.recognition import Options
from protocol.session import Busy, Queued, Received
from runtime.folders import folders
from speech.audio_file import read_audio
from tests.app.speech import digests, recording
from tests.helpers.chain import running_chain
from tests.helpers.conversation import conversation
from tests.helpers.played import filled
from tests.helpers.tmpfs import fill, small_disk
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

CLIENT = ClientSettings(first_contact_s=120.0)
SECONDS = (b"\1\0" * SAMPLE_RATE, b"\2\0" * SAMPLE_RATE)
BLOCK = SAMPLE_RATE // 25


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))


async def readiness(endpoint: Endpoint) -> dict[str, Any]:
    """Return the response of /readyz."""
    async with aiohttp.ClientSession() as http, http.get(f"{endpoint.url}/readyz") as response:
        body: dict[str, Any] = await response.json()
        return body | {"status": response.status}


async def ready(endpoint: Endpoint) -> bool:
    """Return whether the gateway is ready."""
    return bool((await readiness(endpoint))["ready"])


async def fill_up_the_broker(root: Path, full_s: float, seconds: float) -> None:
    """Fill the broker's disk for ``full_s`` while people speak."""
    with small_disk(folders().broker, "16m") as disk, running_chain(root, quiet=True) as chain:
        gateway, endpoint = await asyncio.to_thread(chain.gateway)
        chain.worker()
        locate = fixed_locator(Address(endpoint.url, endpoint.key))
        speaking = asyncio.create_task(run_sessions(SessionPlan(3, seconds), locate, CLIENT))
        async with conversation(endpoint, uuid4()) as (talk, _):
            await talk.segment(0, SECONDS[0])
            assert (await talk.final(0)).text == checksum(SECONDS[0])
            ballast = fill(disk)
            await talk.segment(1, SECONDS[1])
            await talk.expect(Busy, lambda busy: busy.reason == "broker")
            unready = await readiness(endpoint)
            assert (unready["status"], unready["broker"]["up"]) == (503, False), unready
        await asyncio.sleep(full_s)
        assert not (await readiness(endpoint))["broker"]["up"]
        ballast.unlink()
        tally = await speaking
        await wait_until(lambda: ready(endpoint), "it is ready again")
    log = gateway.log.read_text()
    assert "the disk is full: make room in" in log
    sys.stdout.write(f"full for {full_s:g} s, in which the broker was started {log.count('broker.died')} times: ")
    sys.stdout.write(f"{tally.right} of {tally.segments} digests right, {tally.twice} twice\n")
    assert tally.flawless, tally


async def test_full_broker_disk_loses_no_segment(tmp_path: Path) -> None:
    await fill_up_the_broker(tmp_path, full_s=3.0, seconds=8.0)


@pytest.mark.proof(minutes=2)
async def test_broker_disk_full_for_a_minute_loses_no_segment(tmp_path: Path) -> None:
    await fill_up_the_broker(tmp_path, full_s=60.0, seconds=75.0)


async def test_full_broker_memory_loses_no_segment(tmp_path: Path, broker: Broker) -> None:
    """New segments wait, results are still delivered and acknowledged, and no segment is lost."""
    with running_chain(tmp_path, broker.url, quiet=True) as chain:
        _, endpoint = await asyncio.to_thread(chain.gateway)
        session = uuid4()
        async with conversation(endpoint, session) as (talk, _), Redis.from_url(broker.url) as store:
            await talk.segment(0, SECONDS[0])
            await talk.expect(Queued)
            await store.config_set("maxmemory", "1")
            await talk.segment(1, SECONDS[1])
            await talk.expect(Busy, lambda busy: busy.reason == "broker")
            chain.worker()
            assert (await talk.final(0)).text == checksum(SECONDS[0])
            await talk.say(Received(0))
            await wait_until(lambda: _forgotten(store, Keys().session(str(session))), "its result is forgotten")
            await store.config_set("maxmemory", "0")
            assert (await talk.final(1)).text == checksum(SECONDS[1])


async def _forgotten(store: Redis, session: str) -> bool:
    return not await store.hexists(session, "result:0")


class Played:
    """A microphone that plays ``audio`` at four times the speaking pace."""

    device = "played"
    level_dbfs = -20.0

    def __init__(self, audio: Samples) -> None:
        self._audio = audio
        self._stopped = asyncio.Event()
        self.heard = 0

    @cached_property
    def buffer(self) -> BlockBuffer:
        return filled(self._blocks())

    async def _blocks(self) -> AsyncIterator[Samples]:
        for start in range(0, len(self._audio), BLOCK):
            block = self._audio[start : start + BLOCK]
            self.heard += len(block)
            yield block
            await asyncio.sleep(len(block) / SAMPLE_RATE / 4)
        await self._stopped.wait()

    def stop(self) -> None:
        self._stopped.set()


async def test_full_journal_disk_loses_no_speech(tmp_path: Path, models: Path) -> None:
    talk = recording("en-01", "zh-01", to=tmp_path / "talk.wav")
    audio = np.concatenate(list(read_audio(talk)))
    microphone, shown = Played(audio), io.StringIO()
    screen = LiveScreen(Console(file=io.StringIO()), Console(file=shown, width=400))
    with small_disk(folders().data / "takes", "2m") as disk, running_chain(tmp_path, quiet=True) as chain:
        _, endpoint = await asyncio.to_thread(chain.gateway)
        chain.worker()
        listener = DictationSetup(fixed_locator(Address(endpoint.url, endpoint.key)), models / "fsmn-vad")
        session = uuid4()
        with users_library().create(session, Options(), 0) as journal:
            listening = asyncio.create_task(listener.listen(journal, microphone, screen))
            await wait_until(lambda: microphone.heard > 2 * SAMPLE_RATE, "it is in the middle")
            ballast = fill(disk)
            await wait_until(lambda: journal.disk_state is DiskState.WAITING, "the disk is full")
            screen.refresh()
            assert "the disk takes nothing" in shown.getvalue()
            await wait_until(lambda: microphone.heard == len(audio), "all is said")
            assert not listening.done()
            ballast.unlink()
            await wait_until(lambda: journal.disk_state is DiskState.WRITING, "there is room")
            microphone.stop()
            transcript = await listening
        found = users_library().find(session)
        assert found.state is TakeState.DONE
        assert np.array_equal(np.fromfile(found.audio, "<i2"), audio)
        texts = [segment.text for segment in found.transcript.segments]
    assert texts == [segment.text for segment in transcript.segments] == digests(talk, models)
