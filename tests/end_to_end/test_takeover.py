"""Test sessions that outlive their gateway, their subscription and their worker."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from loadtest.core.checksum import checksum
from protocol.errors import CloseCode
from protocol.job import WORKERS_KEY, Keys, Result, decode_notice, decode_status
from protocol.monitor import WorkerState
from protocol.session import Final, Queued, Received
from tests.helpers.chain import Chain, running_chain
from tests.helpers.conversation import conversation
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until_sync

KEYS = Keys()


def noise(seconds: float, seed: int) -> tuple[bytes, str]:
    """Return PCM and the checksum engine's text for it."""
    pcm = random.Random(seed).randbytes(int(seconds * 16_000) * 2)
    return pcm, checksum(pcm)


@pytest.fixture
def chain(tmp_path: Path, broker: Broker) -> Iterator[Chain]:
    with running_chain(tmp_path, broker.url) as chain:
        yield chain


@pytest.fixture
def store(broker: Broker) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(broker.url) as client:
        yield client


async def test_session_continues_at_second_gateway(chain: Chain) -> None:
    _, first = chain.gateway(home="first")
    _, second = chain.gateway(home="second")
    chain.worker()
    session = uuid4()
    done, open_ = noise(1, 1), noise(2, 2)
    async with conversation(first, session) as (talk, _):
        await talk.segment(0, done[0])
        assert (await talk.final(0)).text == done[1]
        async with conversation(second, session, resume=True) as (other, welcome):
            assert await talk.closed() == CloseCode.TAKEN_OVER
            assert welcome.segments.ended == (0,)
            assert (await other.final(0)).text == done[1]  # delivered again, because no ``received`` was sent
            await other.say(Received(0))
            await other.segment(1, open_[0])
            assert (await other.final(1)).text == open_[1]


async def test_results_without_gateway_are_delivered_by_next_gateway(chain: Chain, store: redis.Redis) -> None:
    gateway, first = chain.gateway(home="first")
    session = uuid4()
    said = [noise(1, seed) for seed in range(3)]
    async with conversation(first, session) as (talk, _):
        for segment, (pcm, _) in enumerate(said):
            await talk.segment(segment, pcm)
            assert (await talk.expect(Queued)).segment == segment
        gateway.kill()
    chain.worker()
    key = KEYS.session(str(session))
    wait_until_sync(lambda: all(store.hexists(key, f"result:{n}") for n in range(3)), "all three are recognised")
    _, second = chain.gateway(home="second")
    async with conversation(second, session, resume=True) as (talk, welcome):
        assert sorted(welcome.segments.ended) == [0, 1, 2]
        assert [(await talk.final(segment)).text for segment in range(3)] == [digest for _, digest in said]


async def test_result_is_delivered_after_subscription_was_cut(chain: Chain, store: redis.Redis) -> None:
    _, endpoint = chain.gateway()
    pcm, digest = noise(1, 7)
    async with conversation(endpoint, uuid4()) as (talk, _):
        await talk.segment(0, pcm)
        await talk.expect(Queued)
        store.client_kill_filter(_type="pubsub")
        chain.worker()
        assert (await talk.final(0)).text == digest


async def test_late_result_of_stalled_worker_is_dropped(chain: Chain, store: redis.Redis) -> None:
    _, endpoint = chain.gateway()
    stalled = chain.worker("--engine", "checksum", "--set", "rtf=1", name="stalled")
    session = uuid4()
    pcm, digest = noise(3, 9)
    async with conversation(endpoint, session) as (talk, _):
        await talk.segment(0, pcm)
        stream = KEYS.jobs("interactive")
        wait_until_sync(lambda: _pending(store, stream), "the worker has read the job")
        owner = _owner(store, stream)
        stalled.freeze()
        chain.worker(name="second")
        final = await talk.final(0)  # after the lease of the first worker has expired
        assert final.text == digest
        stalled.thaw()
        key = KEYS.session(str(session))
        result = _result(store, key)
        wait_until_sync(lambda: _idle(store, owner), "it has ended what it had")
        wait_until_sync(
            lambda: not _pending(store, stream) and not store.xlen(stream), "nothing is left in the stream"
        )
        await talk.segment(1, pcm)
        assert (await talk.final(1)).text == digest
        assert _result(store, key) == result and result.worker == final.worker
        assert sum(isinstance(message, Final) and message.segment == 0 for message in talk.received) == 1


def _pending(store: redis.Redis, stream: str) -> int:
    try:
        return int(store.xpending(stream, "workers")["pending"])
    except redis.ResponseError:  # no worker has created the group yet
        return 0


def _owner(store: redis.Redis, stream: str) -> bytes:
    """Return the consumer of the only job."""
    pending: Any = store.xpending_range(stream, "workers", "-", "+", 1)
    (one,) = pending
    consumer: bytes = one["consumer"]
    return consumer


def _idle(store: redis.Redis, worker: bytes) -> bool:
    """Return whether this worker reports to be idle."""
    said = store.hget(WORKERS_KEY, worker.decode())
    return isinstance(said, bytes) and decode_status(said).state is WorkerState.IDLE


def _result(store: redis.Redis, key: str) -> Result:
    stored = store.hget(key, "result:0")
    assert isinstance(stored, bytes)
    result = decode_notice(stored)
    assert isinstance(result, Result)
    return result
