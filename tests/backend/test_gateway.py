"""The gateway over real sockets with a real Valkey: sessions through every kind of event and failure."""

import asyncio
from collections.abc import AsyncIterator
from importlib import metadata
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from backend.gateway import Gateway
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.errors import CloseCode, ErrorCode
from protocol.job import WORKERS_KEY, Keys, Result, encode_status
from protocol.monitor import WorkerState, WorkerStatus
from protocol.session import (
    Busy,
    Done,
    Error,
    Failed,
    Final,
    Finish,
    Hello,
    Missing,
    Queued,
    Received,
    SegmentBegin,
    SegmentCancel,
)
from tests.backend.conftest import KEY
from tests.backend.fake_worker import FakeWorker, fail, until_withdrawn, working
from tests.backend.wire import Wire, connected, tone
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

PCM = tone(4_000)
TEXT = f"4000:{sum(PCM)}"


@pytest.fixture
async def other(broker: Broker) -> AsyncIterator[Gateway]:
    """A second gateway on the same broker."""
    async with running_gateway(GatewaySettings(redis=broker.url, key=KEY)) as gateway:
        yield gateway


async def announce_worker(redis: "Redis", speed: float = 4.0) -> None:
    now = int((await redis.time())[0]) * 1000
    status = WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE, speed=speed, languages=("en",), at_ms=now)
    await redis.hset(WORKERS_KEY, "w", encode_status(status))


async def test_audio_becomes_text_and_the_session_ends(gateway: Gateway, broker: Broker) -> None:
    pieces = [tone(8_000, seed) for seed in range(3)]
    async with working(broker.url) as worker, connected(gateway.url, KEY) as wire:
        for n, pcm in enumerate(pieces):
            await wire.segment(n, pcm)
        await wire.say(Finish(len(pieces)))
        done = await wire.expect(Done)
        for n in range(len(pieces)):
            await wire.say(Received(n))
        assert await wire.until_closed() == CloseCode.NORMAL
        finals = {message.segment: message.text for message in wire.seen if isinstance(message, Final)}
        assert finals == {n: f"8000:{sum(pcm)}" for n, pcm in enumerate(pieces)}
        assert done == Done(3, " ".join(finals[n] for n in range(3)))
        assert worker.ended == 3


async def test_queued_has_audio_ahead_and_expected_delay(gateway: Gateway, redis: "Redis") -> None:
    await announce_worker(redis, speed=2.0)
    await wait_until(lambda: gateway.monitor.survey.workers, "the gateway sees the worker")
    async with connected(gateway.url, KEY) as wire:
        await wire.segment(0, bytes(2 * 32_000))
        await wire.segment(1, bytes(2 * 16_000))
        assert await wire.expect(Queued) == Queued(0, 0.0, 1_000)
        assert await wire.expect(Queued) == Queued(1, 2.0, 1_500)


async def test_results_are_repeated_until_received(gateway: Gateway, broker: Broker) -> None:
    async with working(broker.url):
        async with connected(gateway.url, KEY) as wire:
            await wire.segment(0, PCM)
            await wire.expect(Final)
        for _ in range(2):
            async with connected(gateway.url, KEY, wire.session, resume=True) as again:
                assert (await again.expect(Final)).text == TEXT
        async with connected(gateway.url, KEY, wire.session, resume=True) as again:
            await again.say(Received(0))
            await again.say(Finish(1))
            assert await again.expect(Done) == Done(1, TEXT)
        async with connected(gateway.url, KEY, wire.session, resume=True) as last:
            await last.say(Finish(1))
            assert await last.expect(Done) == Done(1, TEXT)
            assert not any(isinstance(message, Final) for message in last.seen)


async def test_hello_without_resume_is_refused_for_known_session(gateway: Gateway) -> None:
    async with connected(gateway.url, KEY) as wire, Wire(gateway.url, KEY, wire.session) as second:
        await second.say(Hello(wire.session))
        assert (await second.expect(Error)).code == ErrorCode.OUT_OF_ORDER
        assert await second.until_closed() == CloseCode.POLICY_VIOLATION
        await wire.say(Finish(0))
        await wire.expect(Done)


async def test_new_connection_takes_session_over(gateway: Gateway, broker: Broker) -> None:
    async with connected(gateway.url, KEY) as old:
        await old.say(SegmentBegin(0))
        await old.audio(0, PCM[:3_200])
        await wait_until(lambda: gateway.hub.hosted[str(old.session)].session.unqueued == 1_600, "the audio")
        async with working(broker.url), Wire(gateway.url, KEY, old.session) as new:
            welcome = await new.hello(resume=True)
            assert welcome.segments.receiving == {0: 1_600}
            assert await old.until_closed() == CloseCode.TAKEN_OVER
            assert [m.code for m in old.seen if isinstance(m, Error)] == [ErrorCode.TAKEN_OVER]
            await new.segment(0, PCM)
            assert (await new.expect(Final)).text == TEXT


async def test_other_gateway_takes_session_over(gateway: Gateway, other: Gateway, broker: Broker) -> None:
    async with connected(gateway.url, KEY) as old:
        await old.segment(0, PCM)
        await old.expect(Queued)
        async with Wire(other.url, KEY, old.session) as new:
            welcome = await new.hello(resume=True)
            assert welcome.segments.queued == (0,)
            assert await old.until_closed() == CloseCode.TAKEN_OVER
            await wait_until(lambda: not gateway.hub.hosted, "the first gateway lets go")
            async with working(broker.url):
                assert (await new.expect(Final)).text == TEXT


async def test_takeover_is_detected_when_its_notice_is_lost(
    gateway: Gateway, redis: "Redis", reads_again_soon: None
) -> None:
    async with connected(gateway.url, KEY) as old:
        await old.segment(0, PCM)
        await old.expect(Queued)
        await redis.hset(Keys().session(str(old.session)), mapping={"gateway": "another", "epoch": 2})
        assert await old.until_closed() == CloseCode.TAKEN_OVER


async def test_results_stored_without_gateway_are_sent_on_resume(broker: Broker) -> None:
    settings = GatewaySettings(redis=broker.url, key=KEY)
    async with running_gateway(settings) as gateway, connected(gateway.url, KEY) as wire:
        await wire.segment(0, PCM)
        await wire.expect(Queued)
    async with working(broker.url) as worker:
        await wait_until(lambda: worker.ended, "the result")
    async with running_gateway(settings) as gateway, Wire(gateway.url, KEY, wire.session) as again:
        welcome = await again.hello(resume=True)
        assert welcome.segments.ended == (0,)
        assert (await again.expect(Final)).text == TEXT


async def test_cut_subscription_loses_no_result(gateway: Gateway, broker: Broker, redis: "Redis") -> None:
    async with connected(gateway.url, KEY) as wire:
        await wire.segment(0, PCM)
        await wire.expect(Queued)
        await redis.client_kill_filter(_type="pubsub")
        async with working(broker.url):
            assert (await wire.expect(Final)).text == TEXT


async def test_lost_job_makes_client_send_again(
    gateway: Gateway, broker: Broker, redis: "Redis", reads_again_soon: None
) -> None:
    async with connected(gateway.url, KEY) as wire:
        await wire.segment(0, PCM)
        await wire.expect(Queued)
        await redis.delete(Keys().jobs("interactive"))
        assert await wire.expect(Missing) == Missing(0, 0)
        async with working(broker.url):
            await wire.segment(0, PCM)
            assert (await wire.expect(Final)).text == TEXT


async def test_flushed_broker_makes_client_send_again(gateway: Gateway, broker: Broker, redis: "Redis") -> None:
    async with connected(gateway.url, KEY) as wire:
        await wire.segment(0, PCM)
        await wire.expect(Queued)
        await redis.flushall()
        await wire.say(SegmentBegin(1))
        await wire.audio(1, PCM)
        await wire.segment(1, PCM)
        missing = {(await wire.expect(Missing)).segment for _ in range(2)}
        assert missing == {0, 1}
        async with working(broker.url):
            for n in (0, 1):
                await wire.segment(n, PCM)
            finals = [await wire.expect(Final) for _ in range(2)]
        assert {final.text for final in finals} == {TEXT}


async def test_failed_segment_can_be_retried(gateway: Gateway, broker: Broker) -> None:
    async with connected(gateway.url, KEY) as wire:
        async with working(broker.url, fail):
            await wire.segment(0, PCM)
            failed = await wire.expect(Failed)
        assert (failed.code, failed.retryable, failed.attempt) == (ErrorCode.ENGINE_FAILED, True, 0)
        async with working(broker.url):
            await wire.segment(0, PCM, attempt=1)
            assert (await wire.expect(Final)).text == TEXT


async def test_result_of_late_twin_is_not_sent(gateway: Gateway, broker: Broker) -> None:
    async with connected(gateway.url, KEY) as wire:
        await wire.segment(0, PCM)
        stalled = FakeWorker(broker.url)
        taken = await stalled.take()
        assert taken is not None
        entry, job = taken
        assert await stalled.finish(entry, job, Result(job.session, 0, "first"))
        assert not await stalled.finish(entry, job, Result(job.session, 0, "twin"))
        await wire.say(Finish(1))
        assert (await wire.expect(Done)).text == "first"
        assert [m.text for m in wire.seen if isinstance(m, Final)] == ["first"]
        await stalled.redis.aclose()


async def test_cancelled_segment_leaves_queue(gateway: Gateway, redis: "Redis") -> None:
    async with connected(gateway.url, KEY) as wire:
        await wire.segment(0, PCM)
        await wire.expect(Queued)
        await wire.say(SegmentCancel(0))
        await wire.say(Finish(1))
        assert await wire.expect(Done) == Done(1, "")
        await until_withdrawn(redis)


async def test_session_without_connection_is_dropped_after_a_while(broker: Broker) -> None:
    async with running_gateway(GatewaySettings(redis=broker.url, key=KEY, keep_s=0.2)) as gateway:
        async with connected(gateway.url, KEY) as wire:
            await wire.segment(0, PCM)
            await wire.expect(Queued)
            await asyncio.sleep(0)
            assert str(wire.session) in gateway.hub.hosted
        await wait_until(lambda: not gateway.hub.hosted, "the session goes")
        async with working(broker.url), connected(gateway.url, KEY, wire.session, resume=True) as again:
            assert (await again.expect(Final)).text == TEXT


async def test_busy_messages_follow_fleet_and_load(gateway: Gateway, redis: "Redis") -> None:
    async with connected(gateway.url, KEY) as wire:
        assert (await wire.expect(Busy)).reason == "no_worker"
        await announce_worker(redis)
        assert await wire.expect(Busy) == Busy("load", accepting=True, eta_ms=0)
        await redis.hset(Keys().backlog, Keys().jobs("interactive"), 16_000 * 400)
        busy = await wire.expect(Busy)
        assert (busy.reason, busy.accepting, busy.eta_ms) == ("load", False, 100_000)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with Wire(gateway.url, KEY):
                pass
        assert refused.value.status == 503
        assert refused.value.headers is not None and int(refused.value.headers["Retry-After"]) >= 70
        async with Wire(gateway.url, KEY, wire.session, query="?resume=1") as known:
            await known.hello(resume=True)
        async with Wire(gateway.url, KEY, query="?resume=1") as pretender:
            await pretender.say(Hello(pretender.session, resume=True))
            assert (await pretender.expect(Error)).code == ErrorCode.BUSY
            assert await pretender.until_closed() == CloseCode.TRY_AGAIN_LATER


async def test_key_with_much_speech_held_back_is_refused_before_the_upgrade(
    gateway: Gateway, redis: "Redis"
) -> None:
    async def retry_after() -> str | None:
        try:
            async with Wire(gateway.url, KEY):
                return None
        except aiohttp.WSServerHandshakeError as error:
            assert error.status == 503 and error.headers is not None
            return error.headers["Retry-After"]

    await announce_worker(redis)
    await wait_until(lambda: gateway.monitor.survey.workers, "the worker is seen")
    async with connected(gateway.url, KEY) as wire:
        for segment in range(300):  # each costs a second, and the worker recognises four at a time
            await wire.segment(segment, b"")
        retry_s = await wait_until(retry_after, "a new session is refused")
        assert int(retry_s) >= 30
        async with Wire(gateway.url, KEY, wire.session, query="?resume=1") as known:
            await known.hello(resume=True)


async def test_readiness_follows_workers_and_broker(gateway: Gateway, redis: "Redis", broker: Broker) -> None:
    async with aiohttp.ClientSession() as http:

        async def ready() -> tuple[int, dict[str, Any]]:
            async with http.get(gateway.url + "/readyz") as response:
                return response.status, await response.json()

        status, body = await ready()
        assert (status, body["workers"], body["durable"], body["accepting"]) == (503, 0, False, True)
        assert [reason["code"] for reason in body["reasons"]] == ["no_worker"]
        await announce_worker(redis)
        await wait_until(lambda: gateway.monitor.survey.workers, "the worker is seen")
        status, body = await ready()
        assert (status, body["ready"], body["models"], body["streams"]) == (200, True, ["m"], 4.0)
        async with http.get(f"{gateway.url}/v1/models?api_key={KEY}") as response:
            listed = await response.json()
            model = {"model": "m", "languages": ["en"], "needs_context": False, "translates": False}
            assert listed["models"] == [model]
            assert listed["version"] == metadata.version("kikipounamu")
        async with http.get(f"{gateway.url}/v1/workers?api_key={KEY}") as response:
            assert [worker["worker"] for worker in (await response.json())["workers"]] == ["w"]
        await redis.config_set("maxmemory", "1")
        await wait_until(lambda: not gateway.monitor.up, "the broker is full although no session is active")
        status, body = await ready()
        assert (status, body["ready"], body["accepting"]) == (503, False, False)
        assert body["broker"]["trouble"] == "full" and "broker" in [reason["code"] for reason in body["reasons"]]
        async with http.get(gateway.url + "/healthz") as response:
            assert response.status == 200, "a restart of the gateway would not help"
        await redis.config_set("maxmemory", "0")
        await wait_until(lambda: gateway.monitor.up, "the broker takes speech again")
        await wait_until(lambda: gateway.monitor.survey.memory < 1, "and has room, as far as the gateway knows")
        broker.process.kill()
        await wait_until(lambda: not gateway.monitor.up, "the loss of the broker is seen")
        status, body = await ready()
        assert (status, body["ready"]) == (503, False)
        assert [reason["code"] for reason in body["reasons"]] == ["broker"]
        async with http.get(gateway.url + "/healthz") as response:
            assert response.status == 200


async def test_gateway_fails_when_its_tls_listener_fails(other: Gateway) -> None:
    assert not other.failed.done()
    other.access.tls_listener.failed.set_result(RuntimeError("accepting failed"))
    await wait_until(other.failed.done, "the gateway reports the failure")
