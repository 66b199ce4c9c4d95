"""The live feed: one survey for all viewers."""

import asyncio
import json
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from backend.core.refusal import RefusalReason
from backend.devices.records import DeviceStore
from backend.gateway import Gateway
from backend.observability.monitor import EXPECTED_S, EXPECTING_S, UNWATCHED_S, WATCHED_S, gather_events, pause_s
from backend.observability.other_processes import Counted, ProcessReport, Shown
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.devices import DeviceKind
from protocol.errors import ErrorCode
from protocol.job import Keys
from protocol.monitor import BrokerTrouble, Recent, Totals
from protocol.session import Failed, Final, Partial
from tests.backend.conclusions import HISTORY, concluded
from tests.backend.conftest import KEY
from tests.backend.fake_worker import working
from tests.backend.wire import connected, tone
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


class Viewer:
    """Reader of server-sent events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self, name: str) -> dict[str, Any]:
        """Return the next event of this name."""
        async with asyncio.timeout(30):
            while True:
                event = (await self.response.content.readline()).decode().strip()
                data = (await self.response.content.readline()).decode().strip()
                assert await self.response.content.readline() == b"\n"
                if event == f"event: {name}":
                    found: dict[str, Any] = json.loads(data.removeprefix("data: "))
                    return found


@asynccontextmanager
async def viewer(gateway: Gateway, key: str = KEY) -> AsyncIterator[Viewer]:
    url = f"{gateway.url}/v1/monitor?api_key={key}"
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream"
        yield Viewer(response)


def test_surveys_are_frequent_only_while_a_worker_is_expected() -> None:
    for watched, usual_s in ((True, WATCHED_S), (False, UNWATCHED_S)):
        assert pause_s(0.0, watched=watched) == pause_s(EXPECTED_S, watched=watched) == usual_s
        assert pause_s(0.1, watched=watched) == EXPECTING_S


async def test_viewer_gets_snapshot_at_once_and_live_events(gateway: Gateway, broker: Broker) -> None:
    async with viewer(gateway) as viewing, connected(gateway.url, KEY) as wire:
        first = await viewing.next("snapshot")
        assert first["broker"]["up"] and first["gateway"] and first["workers"] == []
        pcm = tone(16_000)
        await wire.segment(0, pcm)
        while (seen := await viewing.next("snapshot"))["queued"] == 0:
            pass
        assert (seen["sessions"], seen["connections"], seen["pending"]) == (1, 1, 1)
        assert (seen["backlog_s"], seen["unqueued_s"]) == (1.0, 0.0)
        async with working(broker.url):
            final = await wire.expect(Final)
            event = await viewing.next("segment")
        assert (event["session"], event["segment"], event["outcome"]) == (str(wire.session), 0, "final")
        assert event["audio_ms"] == 1_000 and event["at_s"] >= first["uptime_s"]
        assert final.text not in json.dumps(event)
        while (seen := await viewing.next("snapshot"))["queued"]:
            pass
        assert (seen["pending"], seen["recent"]) == (0, [event])


async def test_viewers_share_events_of_one_producer(gateway: Gateway) -> None:
    async with viewer(gateway) as one, viewer(gateway) as two:
        await one.next("snapshot")
        await two.next("snapshot")
        assert await one.next("snapshot") == await two.next("snapshot")
        assert gateway.monitor.viewers == 2
    await wait_until(lambda: gateway.monitor.viewers == 0, "no viewer is connected")


async def test_device_sees_ids_of_own_sessions_only(broker: Broker, tmp_path: Path) -> None:
    store = DeviceStore(tmp_path / "devices.json")
    keys = [store.add(name, DeviceKind.CLIENT, 0)[1] for name in ("laptop", "tablet")]
    settings = GatewaySettings(redis=broker.url, key=KEY, devices_file=store.file)
    async with running_gateway(settings) as gateway, working(broker.url):
        marks = set[str]()
        async with (
            viewer(gateway, KEY) as owner,
            viewer(gateway, keys[0]) as laptop,
            viewer(gateway, keys[1]) as tablet,
            connected(gateway.url, keys[0]) as wire,
        ):
            for segment in range(2):
                await wire.segment(segment, tone(1_600))
                await wire.expect(Final)
                for sees in (owner, laptop):
                    assert (await sees.next("segment"))["session"] == str(wire.session)
                event = await tablet.next("segment")
                assert event["segment"] == segment
                marks.add(event["session"])
        (mark,) = marks
        assert len(mark) == 8 and mark not in str(wire.session)
        async with viewer(gateway, keys[1]) as late, viewer(gateway, keys[0]) as again:
            assert {one["session"] for one in (await late.next("snapshot"))["recent"]} == marks
            assert {one["session"] for one in (await again.next("snapshot"))["recent"]} == {str(wire.session)}


async def test_slow_viewer_loses_oldest_events(gateway: Gateway) -> None:
    async with gateway.monitor.watch(gateway.hub) as events:
        for n in range(1_000):
            gateway.monitor.concluded(concluded(Final(n, "text")))
        assert events.qsize() <= 256
        last = b""
        while not events.empty():
            last = events.get_nowait()
        assert b'"segment":999' in last


async def test_waiting_events_are_sent_together_until_the_end() -> None:
    events: asyncio.Queue[bytes] = asyncio.Queue()
    for event in (b"a", b"b"):
        events.put_nowait(event)
    sent = gather_events(events)
    assert await anext(sent) == b"ab"
    for event in (b"c", b"d", b"", b"e"):
        events.put_nowait(event)
    assert [together async for together in sent] == [b"cd"]


async def test_totals_count_results_refusals_and_partials(gateway: Gateway) -> None:
    monitor = gateway.monitor
    monitor.concluded(concluded(Final(0, "text"), 16_000))
    monitor.concluded(concluded(Failed(1, ErrorCode.ENGINE_FAILED, "no"), 8_000))
    monitor.concluded(concluded(Failed(2, ErrorCode.BUSY, "late"), history=HISTORY._replace(refused=True)))
    monitor.message_sent("s", Partial(2, 1, "te"))
    monitor.refused(RefusalReason.LOAD)
    snapshot = monitor.snapshot(gateway.hub)
    assert snapshot.totals == Totals(final=1, failed=1, audio_s=1.0, refused=1, partials=1)
    assert snapshot.load.memory_bytes > 1_000_000


async def test_broker_that_stands_still_is_away_before_its_deadlines_have_passed(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.broker.connections.REPLY_S", 3600.0)
    monkeypatch.setattr("backend.broker.shard.REPLY_S", 3600.0)
    settings = GatewaySettings(redis=broker.url, key=KEY)
    async with running_gateway(settings) as gateway, aiohttp.ClientSession() as http:

        async def is_up() -> bool:
            async with http.get(f"{gateway.url}/readyz") as response:
                up: bool = (await response.json())["broker"]["up"]
                return up

        async def is_away() -> bool:
            return not await is_up()

        assert await is_up()
        broker.process.send_signal(signal.SIGSTOP)
        try:
            await wait_until(is_away, "the broker counts as away")
        finally:
            broker.process.send_signal(signal.SIGCONT)
        await wait_until(is_up, "the broker is back")


@pytest.mark.parametrize("key", [Keys().backlog, Keys().workers, Keys().streamers, Keys().jobs("interactive")])
async def test_value_of_another_program_is_named_by_readiness(gateway: Gateway, broker: Broker, key: str) -> None:
    async with Redis.from_url(broker.url) as redis, aiohttp.ClientSession() as http:
        await redis.hset(Keys().backlog, Keys().jobs("interactive"), "0")

        async def reasons() -> str:
            async with http.get(f"{gateway.url}/readyz") as response:
                found = (await response.json())["reasons"]
                return "".join(one["message"] for one in found if one["code"] == "broker")

        async def is_named() -> bool:
            return "another program" in await reasons()

        async def is_mended() -> bool:
            return not await reasons()

        await redis.delete(key)
        await redis.set(key, "of another program")
        await wait_until(is_named, "the reason is there")
        await redis.delete(key)
        await wait_until(is_mended, "it is gone")


async def test_broker_that_is_away_is_logged_once(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for pause in ("monitor.EXPECTING_S", "monitor.UNWATCHED_S"):
        monkeypatch.setattr(f"backend.observability.{pause}", 0.01)
    for pause in ("LOOK_S", "ROUND_S"):
        monkeypatch.setattr(f"backend.sessions.janitor.{pause}", 0.01)
    async with running_gateway(GatewaySettings(redis=broker.url, key=KEY, drain_s=0.1)) as gateway:
        asked: Counter[str] = Counter()

        def counted(name: str, ask: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
            async def count() -> Any:
                asked[name] += 1
                return await ask()

            return count

        for part, name in ((gateway.monitor._jobs, "survey"), (gateway.janitor._queues, "tidy")):
            monkeypatch.setattr(part, name, counted(name, getattr(part, name)))
        broker.process.kill()
        await wait_until(lambda: not gateway.monitor.up, "the broker is away")
        asked.clear()
        await wait_until(lambda: min(asked["survey"], asked["tidy"]) > 5, "both ask again and again")
    logged = Counter(record.message.split()[0] for record in caplog.records)
    assert (logged["broker.status_unknown"], logged["queue.unread"]) == (1, 1)


async def test_full_disk_is_named_when_it_ends_the_own_broker(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.observability.monitor.UNWATCHED_S", 0.01)
    full = BrokerTrouble.DISK
    monkeypatch.setattr("backend.observability.monitor.trouble_of_disk", lambda folder: full)
    async with running_gateway(GatewaySettings(redis=broker.url, key=KEY, drain_s=0.1)) as gateway:
        monitor = gateway.monitor
        monkeypatch.setattr(monitor, "_own", tmp_path)
        assert monitor.broker().trouble == ""
        broker.process.kill()
        await wait_until(lambda: not monitor.up, "the broker is away")
        await wait_until(lambda: monitor.broker().trouble == full, "the reason is known")


async def test_number_of_viewers_is_limited(broker: Broker) -> None:
    settings = GatewaySettings(redis=broker.url, key=KEY, viewers=1)
    async with running_gateway(settings) as gateway, viewer(gateway) as _:
        url = f"{gateway.url}/v1/monitor?api_key={KEY}"
        async with aiohttp.ClientSession() as http, http.get(url) as response:
            assert response.status == 429


async def test_drain_disconnects_viewers(gateway: Gateway) -> None:
    async with viewer(gateway) as viewing:
        await gateway.drain()
        async with asyncio.timeout(30):
            await viewing.response.content.read()
        assert gateway.monitor.viewers == 0


async def test_snapshot_and_totals_are_those_of_all_processes(gateway: Gateway) -> None:
    ended = (Shown("o", Recent("s", 1, "final", at_s=5.0)),)
    there = ProcessReport(
        Counted(totals=Totals(final=7)), sessions=2, connections=3, pending=4, unqueued_s=5.0, ended=ended
    )
    gateway.monitor.update_others({1: there}, Counted(totals=Totals(final=1)), {})
    snapshot = gateway.monitor.snapshot(gateway.hub)
    assert (snapshot.sessions, snapshot.connections, snapshot.pending, snapshot.unqueued_s) == (2, 3, 4, 5.0)
    assert snapshot.totals.final == 8 and [recent.session for recent in snapshot.recent] == ["s"]
    reading = gateway.monitor.now(gateway.hub, 0.0, draining=False)
    assert (reading.sessions, reading.connections, reading.pending) == (2, 3, 4)


async def test_report_has_the_segments_since_the_last_one(gateway: Gateway) -> None:
    gateway.monitor.concluded(concluded(Final(0, "a"), 16_000))
    report = gateway.monitor.report(gateway.hub, Counted(samples=5))
    assert report.counted.samples == 5 and report.counted.totals.final == 1
    assert [recent.segment for _, recent in report.ended] == [0]
    assert gateway.monitor.report(gateway.hub, Counted()).ended == ()
