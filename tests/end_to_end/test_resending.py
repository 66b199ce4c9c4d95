"""A take that is sent again to a real gateway: what failed is tried again, what is in the history stays there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from redis.asyncio import Redis
from rich.console import Console

from app.capture.journal import Journal
from app.capture.resending import Resender
from app.progress import Display
from app.transcript import Transcript
from backend.gateway import Gateway, running_gateway
from backend.history.settings import HistorySettings
from backend.rest.file_settings import FileSettings
from backend.settings import GatewaySettings
from client.connection import Address, fixed
from client.gateway import ClientSettings
from protocol.job import Job, Keys, Outcome
from protocol.recognition import Options
from protocol.session import Failed
from runtime.tasks import Tasks
from tests.backend.fake_worker import fail, say_length, working
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.worker.running import recognise

ID = UUID(int=78)
KEY = "a key for tests only"
SAMPLES = 800
AT_ONCE = ClientSettings(retry=lambda failures, chance, asked: 0.01, quiet_s=10.0)


def spoken(root: Path, segments: int) -> None:
    """A take without a text."""
    with Journal.create(root, ID, Options(), 0.0) as journal:
        for segment in range(segments):
            add(journal, segment)
        journal.finish()


def add(journal: Journal, segment: int) -> None:
    """Another segment is said."""
    journal.hear(np.arange(SAMPLES, dtype=np.int16))
    journal.begin(segment, SAMPLES * segment)
    journal.end(segment, SAMPLES)


async def resend(root: Path, gateway: Gateway) -> Transcript:
    """As ``kikipounamu takes resend``. No model is needed: nothing is left to cut."""
    resender = Resender(fixed(Address(gateway.url, KEY)), root, AT_ONCE)
    with Journal.reopen(root, ID) as journal:
        return await resender.resend(journal, Display(Console(quiet=True), "test"))


def only_first(job: Job) -> Outcome:
    """Nobody can recognise what comes after the first segment."""
    return say_length(job) if job.segment == 0 else fail(job)


@pytest.mark.parametrize("same_gateway", [True, False])
async def test_what_failed_for_good_is_recognised_by_a_worker_that_was_mended(
    broker: Broker, tmp_path: Path, same_gateway: bool
) -> None:
    """Its failure was received, so that the broker knows no more of it than that; and it fails a second time."""
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
async def keeping(broker: Broker, root: Path) -> AsyncIterator[Gateway]:
    """A gateway that keeps a history, and a worker whose scripts tell it."""
    history = HistorySettings(f"sqlite:///{root / 'history.sqlite'}", journal=root / "asr_history.jsonl")
    files = FileSettings(root / "submitted")
    settings = GatewaySettings(redis=broker.url, key=KEY, history=history, files=files)
    async with running_gateway(settings) as gateway, Tasks("worker") as tasks:
        tasks.start(recognise(broker.url), "worker")
        yield gateway


async def kept(gateway: Gateway, segments: int) -> list[str]:
    """The texts in the history, once it has that of the last one."""
    assert gateway.history is not None
    history = gateway.history.history

    async def look() -> list[str]:
        found = await history.ask(lambda store: store.segments(str(ID))) if history.up else []
        return [segment.text for segment in found if len(found) == segments and found[-1].text]

    texts: list[str] = await wait_until(look, "the history has it")
    return texts


async def test_what_a_take_has_already_stays_in_the_history_when_the_rest_is_sent(
    broker: Broker, tmp_path: Path
) -> None:
    """More than 72 h later: the broker has forgotten the session, and the client waits for none of these."""
    spoken(tmp_path, 2)
    async with keeping(broker, tmp_path) as gateway:
        await resend(tmp_path, gateway)
        assert await kept(gateway, 2) == ["text 0", "text 1"]
        async with Redis.from_url(broker.url) as redis:
            assert await redis.delete(Keys().session(str(ID)))
    with Journal.reopen(tmp_path, ID) as journal:
        add(journal, 2)
    async with keeping(broker, tmp_path) as gateway:
        await resend(tmp_path, gateway)
        # Audio behind the end of a finished take is recovered, under a number that no gateway has seen.
        assert await kept(gateway, 3) == ["text 0", "text 1", "text 3"]
