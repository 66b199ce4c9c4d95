"""Live speech over several shards of one broker."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from redis.asyncio import Redis

from protocol.job import SHARDS_KEY, Hypothesis, Job, JobKind, Keys, encode_job, shard_of
from protocol.monitor import WorkerState, WorkerStatus
from tests.helpers.logs import capture_logs
from tests.helpers.valkey import Broker
from tests.worker.scripts import job
from worker.broker.layout import read_layout
from worker.broker.live import LiveJobs
from worker.broker.live_shards import LiveShards, spread_places
from worker.core.errors import BrokerUnavailable

SHARDS = 3
STATUS = WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE, kinds=("stream",))
SESSIONS = {shard_of(name, SHARDS): name for name in map(str, range(40))}


def piece(shard: int) -> Job:
    """Return a piece of a session of this shard."""
    return replace(job(0, 160, session=SESSIONS[shard]), kind=JobKind.STREAM)


@pytest.fixture
async def redis(broker: Broker) -> AsyncIterator[Any]:
    """Yield a client of a broker with several shards."""
    async with Redis.from_url(broker.url) as client:
        await client.set(SHARDS_KEY, SHARDS)
        yield client


@pytest.fixture
async def live(broker: Broker, redis: Any) -> AsyncIterator[LiveShards]:
    """Yield the live speech of all shards."""
    assert len(SESSIONS) == SHARDS
    shards = LiveShards(lambda: read_layout(broker.url), lambda keys: LiveJobs(broker.url, "w", keys))
    async with shards:
        await shards.check()
        await shards.renew_streams("m", STATUS)
        yield shards


async def test_pieces_of_every_shard_are_taken_and_answered(redis: Any, live: LiveShards) -> None:
    for number in range(SHARDS):
        stream = Keys(number).inbox("w") if number else Keys(number).live("m")
        await redis.xadd(stream, encode_job(piece(number)))
        await redis.hset(Keys(number).session(SESSIONS[number]), "gateway", "g")
    await live.piece_waits(5_000, "m", others=True)
    taken = await live.pieces("m", SHARDS)
    assert sorted(one.session for one in taken) == sorted(SESSIONS.values())
    assert await live.answer([Hypothesis(one.session, 0, "so", 0, 160, "w") for one in taken]) == SHARDS
    assert await live.answer([]) == 0


async def test_waits_in_other_shards_continue(redis: Any, live: LiveShards) -> None:
    for number in (2, 1):
        await redis.xadd(Keys(number).inbox("w"), encode_job(piece(number)))
        await live.piece_waits(5_000, "m", others=True)
        assert [one.session for one in await live.pieces("m", 0)] == [SESSIONS[number]]


async def test_streams_end_when_the_worker_leaves(redis: Any, live: LiveShards) -> None:
    assert await redis.exists(*(Keys(number).inbox("w") for number in range(SHARDS))) == SHARDS
    await live.leave_streams()
    assert await redis.exists(*(Keys(number).inbox("w") for number in range(SHARDS))) == 0


async def test_status_whose_task_is_cancelled_before_it_starts_leaves_no_coroutine(live: LiveShards) -> None:
    renewing = asyncio.create_task(live.renew_streams("m", STATUS))
    await asyncio.sleep(0)  # the tasks of the shards exist, and have not started
    renewing.cancel()
    with suppress(asyncio.CancelledError):
        await renewing
    gc.collect()  # a coroutine that was never awaited would warn, and warnings are errors


async def test_shard_that_is_away_is_left_out(broker: Broker, redis: Any) -> None:
    class Away(LiveJobs):
        async def pieces(self, model: str, places: int) -> list[Job]:
            if self._keys.shard == 1:
                raise BrokerUnavailable("it is away")
            return await super().pieces(model, places)

    shards = LiveShards(lambda: read_layout(broker.url), lambda keys: Away(broker.url, "w", keys))
    async with shards:
        await shards.check()
        await shards.renew_streams("m", STATUS)
        await redis.xadd(Keys(2).inbox("w"), encode_job(piece(2)))
        assert [one.session for one in await shards.pieces("m", 0)] == [SESSIONS[2]]
        assert shards._there() == [0, 2]


@pytest.mark.parametrize("shards", [1, SHARDS])
async def test_shard_that_stays_away_is_logged_once(
    broker: Broker, redis: Any, shards: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_away = True

    class Away(LiveJobs):
        async def pieces(self, model: str, places: int) -> list[Job]:
            if is_away and self._keys.shard == 0:
                raise BrokerUnavailable("it is away")
            return []

    monkeypatch.setattr("worker.broker.live_shards._AWAY_S", 0.0)
    await redis.set(SHARDS_KEY, shards)
    with capture_logs() as logged:
        async with LiveShards(lambda: read_layout(broker.url), lambda keys: Away(broker.url, "w", keys)) as live:
            await live.check()
            for _ in range(3):
                with suppress(BrokerUnavailable):
                    await live.pieces("m", 0)
            is_away = False
            await live.pieces("m", 0)
    assert [line["event"] for line in logged] == ["shard.away", "shard.back"]


async def test_wait_that_failed_before_the_end_is_no_unexpected_error(broker: Broker, redis: Any) -> None:
    lost, problems = asyncio.Event(), list[object]()

    class Losing(LiveJobs):
        async def piece_waits(self, block_ms: int, model: str, others: bool) -> bool:
            if self._keys.shard == 1:
                await lost.wait()
                raise BrokerUnavailable("the connection is lost")
            return True

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: problems.append(context))
    async with LiveShards(lambda: read_layout(broker.url), lambda keys: Losing(broker.url, "w", keys)) as shards:
        await shards.check()
        await shards.piece_waits(5_000, "m", others=True)
        lost.set()
        await asyncio.wait(shards._waits.values())
    del shards  # its last reference to the failed wait
    gc.collect()
    assert problems == []


async def test_broker_without_an_answer_is_unavailable(broker: Broker, redis: Any, live: LiveShards) -> None:
    broker.process.kill()
    broker.process.wait()
    with pytest.raises(BrokerUnavailable):
        await live.pieces("m", 1)
    with pytest.raises(BrokerUnavailable):
        await live.piece_waits(10, "m", others=True)


@given(st.integers(0, 300), st.integers(1, 40), st.integers(0, 99))
def test_places_are_shared_out_equally(places: int, shards: int, turn: int) -> None:
    shares = spread_places(places, shards, turn)
    assert sum(shares) == places and len(shares) == shards
    assert max(shares) - min(shares) <= 1
