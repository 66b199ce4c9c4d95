"""Sessions of adapters: the client library above the gateway's own sessions, in one process."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from backend.core.errors import OverQuota
from backend.core.refusal import Refusal, RefusalReason
from backend.dialects.sessions import DialectSessions
from backend.gateway import Gateway
from backend.http.access import AdmittedRequest
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from client.events import ClientEvent
from client.gateway import GatewayClient
from protocol.job import TRANSIENT_GONE_MS, Keys
from protocol.recognition import Options
from protocol.session import Final
from tests.backend.conftest import KEY
from tests.backend.fake_worker import FakeWorker, working
from tests.backend.wire import tone
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

OPTIONS = Options()


def text_of(pcm: bytes) -> str:
    """Return the text of the worker for this audio."""
    return f"{len(pcm) // 2}:{sum(pcm)}"


async def said(client: GatewayClient, count: int) -> list[Final]:
    """Send segments of a tone, and return their results."""
    events: list[ClientEvent] = []

    async def collect() -> None:
        async for event in client.events():
            events.append(event)

    collecting = asyncio.create_task(collect())
    for segment in range(count):
        await client.begin(segment, segment * 1000)
        await client.audio(segment, tone(16_000 + segment))
        await client.end(segment)
    await client.finish()
    await collecting
    return [event for event in events if isinstance(event, Final)]


async def test_texts_come_as_through_a_socket(
    sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker, gateway: Gateway
) -> None:
    async with sessions.client(visit, OPTIONS, "test") as client:
        finals = await said(client, 3)
    assert [final.segment for final in finals] == [0, 1, 2]
    assert [final.text for final in finals] == [text_of(tone(16_000 + segment)) for segment in range(3)]
    assert not gateway.hub.connections


async def test_session_leaves_nothing_in_the_broker(broker: Broker) -> None:
    """Neither a finished session, nor one whose client left while a text and speech waited."""
    settings = GatewaySettings(redis=broker.url, key=KEY, rest_s=0.1, keep_s=0.1)
    options = Options(hotwords=("prompt",))
    async with running_gateway(settings) as gateway, Redis.from_url(broker.url) as redis:
        sessions = DialectSessions(gateway.hub, lambda visit: None)
        visit = AdmittedRequest(gateway.access, gateway.access.owner)

        async def left() -> int:
            """Return the number of sessions' keys and of entries that wait."""
            keys = len(await redis.keys("kiki:*session:*")) + len(await redis.keys(Keys().transient))
            return keys + int(await redis.xlen(Keys().jobs("interactive")))

        async def is_nothing_left() -> bool:
            return not await left()

        async with working(broker.url):
            async with sessions.client(visit, options, "test") as client:
                assert len(await said(client, 2)) == 2
                assert await left() == 2
            await wait_until(is_nothing_left, "the session that is over is deleted")
        async with sessions.client(visit, options, "test") as client:
            for segment in range(2):
                await client.begin(segment, 1_000 * segment)
                await client.audio(segment, tone(16_000))
                await client.end(segment)
                if not segment:
                    async with working(broker.url):
                        await wait_until(lambda: not client.open, "its first segment has a text")
            await wait_until(lambda: redis.xlen(Keys().jobs("interactive")), "its second segment waits")
        await wait_until(is_nothing_left, "the session that was left is deleted")


async def test_stream_counts_from_its_very_beginning(
    sessions: DialectSessions, visit: AdmittedRequest, gateway: Gateway
) -> None:
    usage = gateway.access.meter.of(visit.device.id)
    async with sessions.client(visit, OPTIONS, "one"):
        assert usage.streams == 1
        async with sessions.client(visit, OPTIONS, "two"):
            assert usage.streams == 2
    assert usage.streams == 0


async def test_streams_count_audio_and_connections_of_their_key(
    sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker, gateway: Gateway
) -> None:
    usage = gateway.access.meter.of(visit.device.id)
    before = usage.audio_bytes
    async with sessions.client(visit, OPTIONS, "test") as client:
        await wait_until(lambda: usage.streams == 1, "the stream is counted")
        await said(client, 1)
    assert (usage.streams, usage.audio_bytes - before) == (0, 32_000)


async def test_session_survives_a_broker_that_loses_everything(
    sessions: DialectSessions,
    visit: AdmittedRequest,
    broker: Broker,
    gateway: Gateway,
    reads_again_soon: None,
) -> None:
    async with sessions.client(visit, OPTIONS, "test") as client:
        saying = asyncio.create_task(said(client, 2))
        await asyncio.wait({saying}, timeout=0.3)
        assert not saying.done()
        await gateway.hub._jobs.shards[0].administer("FLUSHALL")
        async with working(broker.url):
            finals = await saying
    assert [final.text for final in finals] == [text_of(tone(16_000 + segment)) for segment in range(2)]


async def test_session_that_another_gateway_discards_has_its_texts_once(
    sessions: DialectSessions,
    visit: AdmittedRequest,
    broker: Broker,
    gateway: Gateway,
    reads_again_soon: None,
) -> None:
    """Discard it as after a standstill of its gateway, or a step of the broker's clock."""
    async with sessions.client(visit, OPTIONS, "test") as client, Redis.from_url(broker.url) as redis:
        saying = asyncio.create_task(said(client, 2))
        await wait_until(lambda: redis.xlen(Keys().jobs("interactive")), "a segment waits")
        (session,) = gateway.hub.hosted
        await redis.hset(Keys().transient, session, "1")
        assert await gateway.hub._jobs.renew_transient([]) == [session]
        assert await gateway.hub._jobs.discard(session, TRANSIENT_GONE_MS)
        async with working(broker.url) as worker:
            finals = await saying
            assert worker.ended == 2
    assert [final.text for final in finals] == [text_of(tone(16_000 + segment)) for segment in range(2)]


async def test_refused_device_gets_no_session(sessions: DialectSessions, visit: AdmittedRequest) -> None:
    refusal = Refusal(503, RefusalReason.LEAVING, "this gateway is going away", 1.0)
    closed = DialectSessions(sessions.hub, lambda visit: refusal)
    with pytest.raises(OverQuota):
        async with closed.client(visit, OPTIONS, "test"):
            pass


async def test_admitted_session_outlasts_a_broker_that_answers_late(
    sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, asked, loop = sessions.hub._jobs.attach, 0, asyncio.get_running_loop()
    clock = loop.time
    # Longer than a first contact, and until the loop ends: timers would be late if its clock went back.
    loop.time = lambda: clock() + (6.0 if asked else 0.0)  # type: ignore[method-assign] # of this test's own loop

    def late(*arguments: Any) -> "asyncio.Future[Any]":
        nonlocal asked
        asked += 1
        if asked > 1:
            return answer(*arguments)
        silent: asyncio.Future[Any] = loop.create_future()
        silent.set_exception(TimeoutError())
        return silent

    monkeypatch.setattr(sessions.hub._jobs, "attach", late)
    async with sessions.client(visit, OPTIONS, "test") as client:
        assert len(await said(client, 1)) == 1
    assert asked == 2
