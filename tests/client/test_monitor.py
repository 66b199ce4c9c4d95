"""Monitor client over real sockets, against the real gateway and one that breaks in every way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field

import msgspec
import pytest
from aiohttp import web

from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from client.connection import Address, fixed_locator
from client.errors import Refused, Unreachable
from client.monitor import Lost, MonitorEvent, WatchSettings, watch
from protocol.monitor import EVENT_STREAM, MONITOR_PATH, BrokerState, Recent, Snapshot
from protocol.session import Final as FinalMessage
from tests.backend.conclusions import concluded
from tests.helpers.ports import free_port
from tests.helpers.valkey import Broker
from tests.helpers.web_server import serving

AT_ONCE = WatchSettings(quiet_s=20, retry=lambda failures, chance, asked: 0.0)
STANDS = Snapshot("g", 1.0, BrokerState(True, "v", True), 0, 0, 0, 0.0, 0, 0.0, 0.0, 0.0, (), ())
ENDED = Recent("s", 0, "final")

Say = Callable[[bytes], Awaitable[None]]
Script = Callable[[Say], Awaitable[None]]


@dataclass
class Feed:
    """Gateway that sends the events of a test's script. ``answers``: responses to the first requests."""

    url: str = ""
    keys: list[str] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)


@asynccontextmanager
async def feeding(script: Script, *answers: web.Response) -> AsyncIterator[Feed]:
    feed = Feed(answers=list(answers))

    async def show(request: web.Request) -> web.StreamResponse:
        feed.keys.append(request.headers.get("Authorization", ""))
        if feed.answers:
            return feed.answers.pop(0)
        response = web.StreamResponse(headers={"Content-Type": EVENT_STREAM})
        await response.prepare(request)
        with suppress(ConnectionError):
            await script(response.write)
        return response

    async with serving(web.get(MONITOR_PATH, show)) as feed.url:
        yield feed


async def show_one_of_each(say: Say) -> None:
    await say(b"event: snapshot\ndata: " + msgspec.json.encode(STANDS) + b"\n\n")
    await say(b"event: weather\ndata: rain\n\nevent: segment\ndata: " + msgspec.json.encode(ENDED) + b"\n\n")


async def seen(url: str, count: int, settings: WatchSettings = AT_ONCE) -> list[MonitorEvent]:
    """Return the first ``count`` monitor events."""
    found: list[MonitorEvent] = []
    async with asyncio.timeout(30), aclosing(watch(fixed_locator(Address(url, "k")), settings)) as events:
        async for event in events:
            found.append(event)
            if len(found) == count:
                break
    return found


async def test_monitor_client_watches_a_real_gateway(broker: Broker) -> None:
    async with running_gateway(GatewaySettings(redis=broker.url, key="k")) as gateway:
        async with asyncio.timeout(30), aclosing(watch(fixed_locator(Address(gateway.url, "k")))) as events:
            first = await anext(events)
            assert isinstance(first, Snapshot) and first.broker.up and first.recent == ()
            gateway.monitor.concluded(concluded(FinalMessage(3, "a text"), 16_000))
            recent = await anext(event async for event in events if isinstance(event, Recent))
            assert (recent.session, recent.segment, recent.audio_ms) == ("s", 3, 1_000)
        with pytest.raises(Refused, match="key"):
            async with aclosing(watch(fixed_locator(Address(gateway.url, "wrong")))) as events:
                await anext(events)


async def test_monitor_events_arrive_typed_in_order_and_key_is_sent() -> None:
    async with feeding(show_one_of_each) as feed:
        shown = await seen(feed.url, 2)
    assert shown == [STANDS, ENDED]
    assert feed.keys == ["Bearer k"]


async def test_monitor_client_reconnects_when_feed_ends() -> None:
    async with feeding(show_one_of_each) as feed:
        shown = await seen(feed.url, 6)
    assert shown == [STANDS, ENDED, Lost("the gateway ended the feed: it is going away", 0.0)] * 2


async def test_monitor_client_reports_lost_gateway_and_counts_failures() -> None:
    asked: list[int] = []

    def retry(failures: int, chance: float, asked_s: float) -> float:
        asked.append(failures)
        return chance / 1e6

    shown = await seen(f"http://127.0.0.1:{free_port()}", 3, WatchSettings(retry=retry))
    assert all(isinstance(event, Lost) and "no connection" in event.reason for event in shown)
    assert asked == [1, 2, 3]


async def test_monitor_client_waits_for_an_address() -> None:
    async with feeding(show_one_of_each) as feed:
        there = iter([None, Address(feed.url)])

        def locate() -> Address:
            if (address := next(there)) is None:
                raise Unreachable("no gateway is running")
            return address

        async with asyncio.timeout(30), aclosing(watch(locate, AT_ONCE)) as events:
            assert [await anext(events), await anext(events)] == [Lost("no gateway is running", 0.0), STANDS]


async def test_silent_gateway_counts_as_lost() -> None:
    async def silent(say: Say) -> None:
        await asyncio.sleep(30)

    async with feeding(silent) as feed:
        (lost,) = await seen(feed.url, 1, WatchSettings(quiet_s=0.1))
    assert isinstance(lost, Lost) and "in time" in lost.reason


async def test_monitor_client_respects_retry_after() -> None:
    waits: list[float] = []

    def retry(failures: int, chance: float, asked_s: float) -> float:
        waits.append(asked_s)
        return 0.0

    busy = web.Response(status=429, headers={"Retry-After": "7"})
    async with feeding(show_one_of_each, busy, web.Response(status=500)) as feed:
        shown = await seen(feed.url, 3, WatchSettings(retry=retry))
    assert [type(event) for event in shown] == [Lost, Lost, Snapshot]
    assert waits == [7.0, 0.0]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (web.Response(status=401), "key"),
        (web.Response(status=404), "not a kikipounamu gateway"),
        (web.Response(status=302, headers={"Location": "/elsewhere"}), "not a kikipounamu gateway"),
        (web.Response(text="hello"), "not a kikipounamu gateway"),
    ],
)
async def test_answers_that_are_not_a_feed_are_refused(answer: web.Response, says: str) -> None:
    async with feeding(show_one_of_each, answer) as feed:
        with pytest.raises(Refused, match=says):
            await seen(feed.url, 1)


@pytest.mark.parametrize("said", [b"event: snapshot\ndata: {}\n\n", b"data: " + bytes(2 << 20)])
async def test_unreadable_monitor_events_are_refused(said: bytes) -> None:
    async def broken(say: Say) -> None:
        await say(said)
        await asyncio.sleep(30)

    async with feeding(broken) as feed:
        with pytest.raises(Refused, match="Update one of the two"):
            await seen(feed.url, 1)
