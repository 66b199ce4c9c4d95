"""Send a take again to a real gateway: failed segments are retried, and stored texts stay in the history."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from redis.asyncio import Redis
from rich.console import Console

from app.core.transcript import RecordingTranscript
from app.journal.journal import Journal
from app.transcription.progress import ProgressDisplay
from app.transcription.resending import Resender
from backend.gateway import Gateway
from backend.history.settings import HistorySettings
from backend.rest.file_settings import FileSettings
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from client.connection import Address, fixed_locator
from client.settings import ClientSettings
from protocol.job import Job, Keys, Outcome
from protocol.recognition import Options
from protocol.session import Failed
from runtime.tasks import Tasks
from tests.backend.fake_worker import fail, recognise_length, working
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.worker.running import recognise

ID = UUID(int=78)
KEY = "a key for tests only"
SAMPLES = 800
AT_ONCE = ClientSettings(retry=lambda failures, chance, asked: 0.01, quiet_s=10.0)


def spoken(root: Path, segments: int) -> None:
    """Write a take without a text."""
    with Journal.create(root, ID, Options(), 0.0) as journal:
        for segment in range(segments):
            add(journal, segment)
        journal.finish()


def add(journal: Journal, segment: int) -> None:
    """Add a segment to the journal."""
    journal.append(np.arange(SAMPLES, dtype=np.int16))
    journal.begin(segment, SAMPLES * segment)
    journal.end(segment, SAMPLES)


async def resend(root: Path, gateway: Gateway) -> RecordingTranscript:
    """Resend the take as ``kikipounamu takes resend`` does; without audio to cut it needs no model."""
    resender = Resender(fixed_locator(Address(gateway.url, KEY)), root, AT_ONCE)
    with Journal.reopen(root, ID) as journal:
        return await resender.resend(journal, ProgressDisplay(Console(quiet=True), "test"))


def only_first(job: Job) -> Outcome:
    """Recognise the first segment, and fail all others."""
    return recognise_length(job) if job.segment == 0 else fail(job)


@pytest.mark.parametrize("same_gateway", [True, False])
async def test_finally_failed_segment_is_recognised_by_repaired_worker(
    broker: Broker, tmp_path: Path, same_gateway: bool
) -> None:
    """The failure was received, so the broker knows nothing else of the segment; and it fails a second time."""
    spoken(tmp_path, 2)
    settings = GatewaySettings(redis=broker.url, key=KEY)
    async with running_gateway(settings) as first, running_gateway(settings) as second:
        gateways = [first] * 3 if same_gateway else [first, second, first]
        for gateway, attempt in zip(gateways[:2], (2, 4), strict=True):
            async with working(broker.url, only_first):
                transcript = await resend(tmp_path, gateway)
            assert [bool(segment.error) for segment in transcript.segments] == [False, True]
            with Journal.reopen(tmp_path, ID) as journal:
                outcome = journal.take.segments[1].outcome
            assert isinstance(outcome, Failed) and outcome.attempt == attempt
        async with working(broker.url) as worker:
            transcript = await resend(tmp_path, gateways[2])
            assert worker.ended == 1
    assert all(segment.text.startswith(f"{SAMPLES}:") for segment in transcript.segments)


@asynccontextmanager
async def disk_state(broker: Broker, root: Path) -> AsyncIterator[Gateway]:
    """Run a gateway with a history, and a worker that feeds it."""
    history = HistorySettings(f"sqlite:///{root / 'history.sqlite'}", journal=root / "asr_history.jsonl")
    files = FileSettings(root / "submitted")
    settings = GatewaySettings(redis=broker.url, key=KEY, history=history, files=files)
    async with running_gateway(settings) as gateway, Tasks("worker") as tasks:
        tasks.start(recognise(broker.url), "worker")
        yield gateway


async def kept(gateway: Gateway, segments: int) -> list[str]:
    """Return the texts in the history, once the last one is there."""
    assert gateway.history is not None
    history = gateway.history.history

    async def look() -> list[str]:
        found = await history.ask(lambda store: store.segments(str(ID))) if history.up else []
        return [segment.text for segment in found if len(found) == segments and found[-1].text]

    texts: list[str] = await wait_until(look, "the history has it")
    return texts


async def test_stored_texts_stay_in_history_when_rest_of_take_is_sent(broker: Broker, tmp_path: Path) -> None:
    """Simulates more than 72 h: the broker has forgotten the session, and the client awaits none of its texts."""
    spoken(tmp_path, 2)
    async with disk_state(broker, tmp_path) as gateway:
        await resend(tmp_path, gateway)
        assert await kept(gateway, 2) == ["text 0", "text 1"]
        async with Redis.from_url(broker.url) as redis:
            assert await redis.delete(Keys().session(str(ID)))
    with Journal.reopen(tmp_path, ID) as journal:
        add(journal, 2)
    async with disk_state(broker, tmp_path) as gateway:
        await resend(tmp_path, gateway)
        # Audio behind the end of a finished take is recovered, under a number unknown to any gateway.
        assert await kept(gateway, 3) == ["text 0", "text 1", "text 3"]


@pytest.mark.parametrize("garbled", [True, False])
async def test_take_of_damaged_session_is_sent_once_in_another(
    broker: Broker, tmp_path: Path, garbled: bool
) -> None:
    """Write to the session's key as another program would: a field, or a value of another type."""
    spoken(tmp_path, 2)
    key = Keys().session(str(ID))
    async with (
        running_gateway(GatewaySettings(redis=broker.url, key=KEY)) as gateway,
        working(broker.url) as worker,
    ):
        async with Redis.from_url(broker.url) as redis:
            await (redis.hset(key, "end:0", "gibberish") if garbled else redis.set(key, "mine"))
            transcript = await resend(tmp_path, gateway)
            assert worker.ended == len(transcript.segments) == 2
            assert await redis.type(key) == (b"hash" if garbled else b"string"), "nothing of others is deleted"
        assert all(segment.text.startswith(f"{SAMPLES}:") for segment in transcript.segments)
        await resend(tmp_path, gateway)
        assert worker.ended == 2, "no text comes twice"
