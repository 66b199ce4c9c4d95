"""Partials and speculations over real sockets, with a real Valkey."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from backend.gateway import Gateway
from backend.running_gateway import running_gateway
from backend.sessions.partials import PartialPace
from backend.settings import GatewaySettings
from protocol.job import Job, Keys
from protocol.recognition import Options
from protocol.session import Final, Partial, Queued, SegmentBegin, SegmentEnd, SegmentSpeculate
from tests.backend.conftest import KEY
from tests.backend.fake_worker import FakeWorker, working
from tests.backend.wire import Wire, connected, tone
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SECOND = 16_000
WORDS = ["so", "it", "goes", "on", "and", "on", "until", "the", "very", "end"]
STREAM = Keys().jobs("interactive")


def settings(broker: Broker) -> GatewaySettings:
    pace = PartialPace(first_s=1.0, new_s=1.0, share=1.0, delay_s=60.0)
    return GatewaySettings(redis=broker.url, key=KEY, pace=pace)


def text_so_far(job: Job) -> str:
    """Return one word per second, and a full stop that never becomes stable."""
    return " ".join(WORDS[: job.samples // SECOND]) + "."


@pytest.fixture
async def gateway(broker: Broker) -> AsyncIterator[Gateway]:
    """A gateway that requests a hypothesis after each second of audio."""
    async with running_gateway(settings(broker)) as gateway:
        yield gateway


@pytest.fixture
async def worker(broker: Broker, gateway: Gateway) -> AsyncIterator[FakeWorker]:
    """A worker that makes partials and is known to the gateway."""
    async with working(broker.url, text=text_so_far) as worker:
        await wait_until(lambda: gateway.monitor.survey.workers, "the gateway sees the worker")
        yield worker


async def check_no_work_left(redis: "Redis", wire: Wire) -> None:
    """Check that the streams, the backlog and the session hold no unfinished work."""
    assert await redis.xlen(STREAM) == 0
    assert await redis.xlen(Keys().partials()) == 0
    assert {int(left) for left in await redis.hvals(Keys().backlog)} <= {0}
    fields: Any = await redis.hkeys(Keys().session(str(wire.session)))
    assert not [name for name in fields if name.startswith((b"spec:", b"job:"))]


async def follow(wire: Wire, segment: int, seconds: int) -> list[Partial]:
    """Speak for ``seconds``, and wait for a partial after each second."""
    await wire.say(SegmentBegin(segment))
    partials = []
    for at in range(seconds):
        await wire.audio(segment, tone(SECOND, at), at * SECOND)
        partials.append(await wire.expect(Partial))
    return partials


async def test_partials_arrive_on_request_and_their_stable_text_stays(
    gateway: Gateway, worker: FakeWorker, redis: "Redis"
) -> None:
    async with Wire(gateway.url, KEY) as wire:
        await wire.hello(options=Options(partials=True))
        partials = await follow(wire, 0, 4)
        assert [(one.text, one.text[: one.stable]) for one in partials] == [
            ("so.", ""),
            ("so it.", "so"),
            ("so it goes.", "so it"),
            ("so it goes on.", "so it goes"),
        ]
        assert [one.revision for one in partials] == [1, 2, 3, 4]
        pcm = b"".join(tone(SECOND, at) for at in range(4))
        await wire.say(SegmentEnd(0, 4 * SECOND))
        final = await wire.expect(Final)
        assert final.text == f"{4 * SECOND}:{sum(pcm)}"
        assert (await follow(wire, 1, 1))[0] == Partial(1, 5, "so.")
        later = wire.seen[wire.seen.index(final) :]
        assert not [one for one in later if isinstance(one, Partial) and one.segment == 0]
    assert [job.samples for job in worker.hypotheses] == [n * SECOND for n in (1, 2, 3, 4, 1)]
    await check_no_work_left(redis, wire)


async def test_partials_cost_nothing_when_not_requested(gateway: Gateway, worker: FakeWorker) -> None:
    async with connected(gateway.url, KEY) as wire:
        await wire.segment(0, tone(3 * SECOND))
        await wire.expect(Final)
    assert worker.hypotheses == []


async def test_partials_continue_on_another_gateway(broker: Broker, gateway: Gateway, worker: FakeWorker) -> None:
    async with running_gateway(settings(broker)) as other:
        await wait_until(lambda: other.monitor.survey.workers, "the other gateway sees the worker")
        async with Wire(gateway.url, KEY) as wire:
            await wire.hello(options=Options(partials=True))
            await follow(wire, 0, 2)
        async with Wire(other.url, KEY, wire.session) as again:
            await again.hello(resume=True, options=Options(partials=True))
            assert [one.text for one in await follow(again, 0, 3)] == ["so.", "so it.", "so it goes."]


async def test_correct_speculation_becomes_final_without_second_decode(
    gateway: Gateway, worker: FakeWorker, redis: "Redis"
) -> None:
    pcm = tone(SECOND)
    async with connected(gateway.url, KEY) as wire:
        await wire.say(SegmentBegin(0))
        await wire.audio(0, pcm)
        await wire.say(SegmentSpeculate(0, SECOND))
        result = Keys().session(str(wire.session)), "result:0"
        await wait_until(lambda: worker.speculated, "the worker has it")
        await wait_until(lambda: redis.hexists(*result), "its result is there")
        await wire.say(SegmentEnd(0, SECOND))
        assert (await wire.expect(Final)).text == f"{SECOND}:{sum(pcm)}"
        assert not [message for message in wire.seen if isinstance(message, Queued)]
    assert worker.ended == 0, "no job was needed"
    await check_no_work_left(redis, wire)


async def test_wrong_speculation_leaves_no_traces(gateway: Gateway, worker: FakeWorker, redis: "Redis") -> None:
    pcm = tone(2 * SECOND)
    async with connected(gateway.url, KEY) as wire:
        await wire.say(SegmentBegin(0))
        await wire.audio(0, pcm[: 2 * SECOND])
        await wire.say(SegmentSpeculate(0, SECOND))
        await wait_until(lambda: worker.speculated, "the worker has it")
        await wire.audio(0, pcm[2 * SECOND :], SECOND)
        await wire.say(SegmentEnd(0, 2 * SECOND))
        assert (await wire.expect(Final)).text == f"{2 * SECOND}:{sum(pcm)}"
    assert worker.ended == 1
    await check_no_work_left(redis, wire)


async def test_correct_speculation_becomes_job_while_worker_decodes(
    gateway: Gateway, broker: Broker, redis: "Redis"
) -> None:
    worker = FakeWorker(broker.url)
    async with connected(gateway.url, KEY) as wire, worker.redis:
        await wire.say(SegmentBegin(0))
        await wire.audio(0, tone(SECOND))
        await wire.say(SegmentSpeculate(0, SECOND))
        await wire.say(SegmentEnd(0, SECOND))
        await wire.expect(Queued)
        await worker.announce()
        await wait_until(lambda: gateway.monitor.survey.workers, "the gateway sees the worker")
        taken = await worker.take()
        assert taken is not None and taken[1].kind == "recognise"
        await worker.finish(*taken, worker.recognise(taken[1]))
        await wire.expect(Final)
        await wire.say(SegmentBegin(1))
        await wire.audio(1, tone(SECOND))
        await wire.say(SegmentSpeculate(1, SECOND))
        taken = await worker.take()
        assert taken is not None and taken[1].kind == "speculate"
        await wire.say(SegmentEnd(1, SECOND))
        await wire.expect(Queued)
        await worker.finish(*taken, worker.recognise(taken[1]))
        await wire.expect(Final)
    await check_no_work_left(redis, wire)
