"""A complete streaming worker against a real broker, with real engine processes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from protocol.engine import EngineSettings, EngineUnavailable
from protocol.job import Gap, Hypothesis, Job, JobKind, Notice, decode_status
from tests.helpers.fault_engines import ENGINE as SEGMENT_ENGINE
from tests.helpers.ruler_engine import measured
from tests.helpers.streaming_engine import MODEL, STREAMING_ENGINE
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.worker.running import persistent_broker
from tests.worker.scripts import KEYS, SESSION, GatewaySide, gateway_side, job
from worker.broker.layout import read_layout
from worker.broker.live import LiveJobs
from worker.broker.live_shards import LiveShards
from worker.streaming.live_worker import LiveWorker
from worker.supervision.engine_supervisor import EngineLimits, EngineSupervisor

SECOND = 16_000
SHARED, INBOX = KEYS.live(MODEL), KEYS.inbox("w")
PCM = bytes(range(250)) * 512  # 4 s


def piece(begin: int, end: int, session: str = SESSION) -> Job:
    """Return some seconds of the session's segment."""
    pcm = PCM[begin * SECOND * 2 : end * SECOND * 2]
    return replace(job(0, session=session), pcm=pcm, samples=end * SECOND, kind=JobKind.STREAM)


def said(seconds: int, session: str = SESSION) -> Hypothesis:
    """Return the answer after some seconds."""
    return Hypothesis(session, 0, measured(PCM[: seconds * SECOND * 2]), 0, seconds * SECOND, "w")


def shards(url: str) -> LiveShards:
    """Return the live speech of the broker for the worker ``w``."""
    return LiveShards(lambda: read_layout(url), lambda keys: LiveJobs(url, "w", keys))


@asynccontextmanager
async def streaming(url: str, **extra: str) -> AsyncIterator[EngineSupervisor]:
    """Run a streaming worker that leaves at the end."""
    supervisor = EngineSupervisor(EngineSettings(STREAMING_ENGINE, extra=extra), EngineLimits(), streams=True)
    async with shards(url) as jobs:
        worker = LiveWorker("w", jobs, supervisor, renew_s=0.1)
        running = asyncio.create_task(worker.run())
        try:
            yield supervisor
        finally:
            worker.drain()
            async with asyncio.timeout(60):
                await running


@pytest.fixture
async def other(broker: Broker) -> AsyncIterator[GatewaySide]:
    """Yield the gateway's side, with a session attached."""
    async with gateway_side(broker.url) as side:
        await side.attach()
        yield side


async def ready(other: GatewaySide) -> bool:
    """Return whether the worker's streams exist."""
    return bool(await other.redis.exists(INBOX))


async def answer(heard: Callable[[], Awaitable[Notice | None]]) -> Any:
    """Return the next answer."""
    return await wait_until(heard, "an answer")


async def test_pieces_are_followed_and_lost_samples_reported(broker: Broker, other: GatewaySide) -> None:
    async with other.listening() as heard, streaming(broker.url):
        await wait_until(lambda: ready(other), "it is ready")
        await other.ask(piece(0, 1), SHARED)
        assert await answer(heard) == said(1)
        await other.ask(piece(1, 3), INBOX)
        assert await answer(heard) == said(3)
        await other.ask(piece(3, 4, session="unknown"), INBOX)
        await other.redis.hset(KEYS.session("more"), mapping={"gateway": "gateway-1"})
        await other.ask(piece(3, 4, session="more"), INBOX)
        assert await answer(heard) == Gap("more", 0, 0, 0, "w")
        (status,) = [decode_status(value) for value in await other.redis.hvals(KEYS.streamers)]
        assert (status.kinds, status.slots, status.model) == (("stream",), 64, MODEL)
    assert not await ready(other) and not await other.redis.hlen(KEYS.streamers)


async def test_killed_engine_is_replaced_and_its_states_are_reported_as_lost(
    broker: Broker, other: GatewaySide
) -> None:
    async with other.listening() as heard, streaming(broker.url) as engine:
        await wait_until(lambda: ready(other), "it is ready")
        await other.ask(piece(0, 1), SHARED)
        assert await answer(heard) == said(1)
        before = engine.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        await other.ask(piece(1, 2), INBOX)  # costs its answer, as the gateway expects
        await wait_until(lambda: engine.pid not in (None, before), "a new engine")
        await other.ask(piece(1, 2, session="another"), INBOX)
        await other.redis.hset(KEYS.session("another"), mapping={"gateway": "gateway-1"})
        await other.ask(piece(0, 2, session="another"), INBOX)
        while (found := await answer(heard)) == Gap("another", 0, 0, 0, "w"):
            pass
        assert found == said(2, "another")


async def test_full_worker_leaves_sessions_to_others(broker: Broker, other: GatewaySide) -> None:
    async with other.listening() as heard, streaming(broker.url, sessions="1"):
        await wait_until(lambda: ready(other), "it is ready")
        await other.ask(piece(0, 1), SHARED)
        assert await answer(heard) == said(1)
        await wait_until(lambda: full(other), "it reports that it is full")
        await other.ask(piece(0, 1, session="second"), SHARED)
        await other.ask(piece(1, 2), INBOX)
        assert await answer(heard) == said(2)
        assert await other.redis.xlen(SHARED) == 1


async def full(other: GatewaySide) -> bool:
    """Return whether the worker reports that it has no place."""
    return [decode_status(value).busy for value in await other.redis.hvals(KEYS.streamers)] == [1]


async def test_engine_for_segments_is_refused_without_traceback(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = EngineSupervisor(EngineSettings(SEGMENT_ENGINE), EngineLimits(), streams=True)
    async with shards(broker.url) as jobs:
        with pytest.raises(EngineUnavailable, match="start it with kikipounamu-worker run"):
            await LiveWorker("w", jobs, supervisor).run()
    assert not [record for record in caplog.records if record.exc_info]


async def test_engine_for_segments_is_refused_while_the_broker_is_away(tmp_path: Path) -> None:
    supervisor = EngineSupervisor(EngineSettings(SEGMENT_ENGINE), EngineLimits(), streams=True)
    async with shards(f"unix://{tmp_path}/nothing") as jobs:
        with pytest.raises(EngineUnavailable, match="kikipounamu-worker run"):
            await LiveWorker("w", jobs, supervisor).run()


async def test_broker_that_returns_gets_the_streams_again(tmp_path: Path) -> None:
    with persistent_broker(tmp_path) as broker:
        async with streaming(broker.url), gateway_side(broker.url) as side:
            await wait_until(lambda: ready(side), "it is ready")
            with suppress(ConnectionError):
                await side.redis.shutdown(nosave=True)
            with persistent_broker(tmp_path) as again:
                async with gateway_side(again.url) as other:
                    await wait_until(lambda: ready(other), "its streams are there again")
                    await other.attach()
                    async with other.listening() as heard:
                        await other.ask(piece(0, 1), SHARED)
                        assert await answer(heard) == said(1)


async def test_metrics_report_places_and_partials(broker: Broker, other: GatewaySide) -> None:
    supervisor = EngineSupervisor(EngineSettings(STREAMING_ENGINE), EngineLimits(), streams=True)
    async with shards(broker.url) as jobs, other.listening() as heard:
        worker = LiveWorker("w", jobs, supervisor, renew_s=0.1)
        running = asyncio.create_task(worker.run())
        await wait_until(lambda: ready(other), "it is ready")
        await other.ask(piece(0, 2), SHARED)
        assert await answer(heard) == said(2)
        await wait_until(lambda: worker.tally.partials == 1, "the answer is counted")
        assert (worker.now().busy, worker.now().info.slots) == (1, 64)
        assert worker.tally.audio_s == 2.0
        worker.drain()
        await running
