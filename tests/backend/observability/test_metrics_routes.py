"""Metrics over HTTP: only with a key of a client, and with correct values."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import aiohttp
import msgspec
import pytest

from backend.admission.admission import AdmissionLimits
from backend.core.refusal import RefusalReason
from backend.gateway import Gateway
from backend.history.records import HistoryLimits
from backend.history.settings import HistorySettings
from backend.observability.metrics_routes import METRICS_PATH
from backend.rest.file_settings import FileSettings
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.monitor import TIMELINE_PATH, Timeline
from protocol.session import STREAM_PATH, Final, Hello
from tests.backend.conftest import KEY
from tests.backend.fake_worker import working
from tests.backend.wire import Wire, connected, tone
from tests.helpers.prometheus import OPENMETRICS, Figures, figures
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


async def get(gateway: Gateway, path: str, key: str = KEY, accept: str = "*/*") -> tuple[int, str, bytes]:
    """Return status, content type and body."""
    headers = {"Authorization": f"Bearer {key}", "Accept": accept}
    async with aiohttp.ClientSession() as http, http.get(gateway.url + path, headers=headers) as response:
        return response.status, response.headers["Content-Type"], await response.read()


async def scrape(gateway: Gateway, accept: str = "*/*") -> Figures:
    status, content_type, body = await get(gateway, METRICS_PATH, accept=accept)
    assert status == 200 and ("openmetrics" in content_type) == (accept == OPENMETRICS)
    return figures(body, content_type)


async def test_timeline_contains_moments_before_the_request(gateway: Gateway) -> None:
    async with connected(gateway.url, KEY):
        await wait_until(lambda: gateway.monitor.timeline().moments, "the first moment")
        status, _, body = await get(gateway, TIMELINE_PATH)
    timeline = msgspec.json.decode(body, type=Timeline)
    assert (status, timeline.step_s, len(timeline.moments)) == (200, 5.0, 1)
    (moment,) = timeline.moments
    assert moment.broker_up and moment.load.memory_bytes > 1_000_000
    assert moment.at_s <= timeline.uptime_s and timeline.gateway == gateway.monitor.snapshot(gateway.hub).gateway


async def test_timeline_is_compressed(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Accept-Encoding": "gzip"}
    async with aiohttp.ClientSession() as http, http.get(gateway.url + TIMELINE_PATH, headers=headers) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        msgspec.json.decode(await response.read(), type=Timeline)


@pytest.mark.parametrize("path", [METRICS_PATH, TIMELINE_PATH])
async def test_metrics_need_key_of_a_client(gateway: Gateway, path: str) -> None:
    status, _, body = await get(gateway, path, "another key")
    assert (status, b"unauthorised" in body) == (401, True)


async def test_scrape_counts_audio_and_results_of_a_session(gateway: Gateway, broker: Broker) -> None:
    seconds = (1, 2, 3)
    async with working(broker.url), connected(gateway.url, KEY) as wire:
        for n, length in enumerate(seconds):
            await wire.segment(n, tone(length * 16_000))
        for _ in seconds:
            await wire.expect(Final)
        during = await scrape(gateway, OPENMETRICS)
    async with connected(gateway.url, KEY, wire.session, resume=True) as again:
        await again.expect(Final)
        found = await scrape(gateway)
    assert during["kikipounamu_sessions"] == {(): 1} and during["kikipounamu_connections"] == {(): 1}
    assert found["kikipounamu_segments_total"]["", "final"] == len(seconds), "a repeated final is counted once"
    assert found["kikipounamu_segment_stage_seconds_count"]["queue",] == len(seconds)
    assert found["kikipounamu_audio_recognised_seconds_total"] == {(): sum(seconds)}
    assert found["kikipounamu_audio_received_seconds_total"] == {(): sum(seconds)}
    assert found["kikipounamu_hellos_total"] == {("false",): 1, ("true",): 1}
    assert found["kikipounamu_broker_up"] == {(): 1}
    assert found["kikipounamu_broker_round_trip_seconds_count"][()] > len(seconds)


async def test_scrape_contains_history_metrics(broker: Broker, tmp_path: Path) -> None:
    history = HistorySettings(f"sqlite:///{tmp_path}/history.sqlite", HistoryLimits(0, 0))
    files = FileSettings(tmp_path / "submitted")
    async with running_gateway(
        GatewaySettings(redis=broker.url, key=KEY, history=history, files=files)
    ) as gateway:
        kept = gateway.history
        assert kept is not None
        await wait_until(lambda: kept.history.up, "the history is open: a busy computer opens it after the start")
        found = await scrape(gateway)
    assert found["kikipounamu_history_up"] == {(): 1} and found["kikipounamu_history_waiting"] == {(): 0}


async def hello_of_another_key(gateway: Gateway) -> None:
    await get(gateway, "/v1/models", "another key")


async def request_without_subprotocol(gateway: Gateway) -> None:
    await get(gateway, STREAM_PATH)


async def malformed_message(gateway: Gateway) -> None:
    async with Wire(gateway.url, KEY) as wire:
        await wire.text("no JSON")
        await wire.until_closed()


async def hello_for_another_session(gateway: Gateway) -> None:
    async with connected(gateway.url, KEY) as wire:
        await wire.say(Hello(uuid4()))
        await wire.until_closed()


async def excess_connection(gateway: Gateway) -> None:
    async with connected(gateway.url, KEY), connected(gateway.url, KEY):
        await get(gateway, STREAM_PATH)


@pytest.mark.parametrize(
    ("offend", "reason"),
    [
        (hello_of_another_key, RefusalReason.KEY),
        (request_without_subprotocol, RefusalReason.MESSAGE),
        (malformed_message, RefusalReason.MESSAGE),
        (hello_for_another_session, RefusalReason.MESSAGE),
        (excess_connection, RefusalReason.CONNECTIONS),
    ],
)
async def test_each_kind_of_refusal_is_counted_once(
    broker: Broker, offend: Callable[[Gateway], Awaitable[None]], reason: RefusalReason
) -> None:
    settings = GatewaySettings(redis=broker.url, key=KEY, admission=AdmissionLimits(sessions=2))
    async with running_gateway(settings) as gateway:
        await offend(gateway)
        counted = (await scrape(gateway))["kikipounamu_refusals_total"]
        assert {of: n for of, n in counted.items() if n} == {(reason.value,): 1}
        assert gateway.monitor.snapshot(gateway.hub).totals.refused == 1


async def test_cap_limits_simultaneous_connections(broker: Broker) -> None:
    settings = GatewaySettings(redis=broker.url, key=KEY, admission=AdmissionLimits(sessions=5))
    async with running_gateway(settings) as gateway, AsyncExitStack() as stack:

        async def connect() -> bool:
            try:
                await stack.enter_async_context(connected(gateway.url, KEY))
            except aiohttp.WSServerHandshakeError as error:
                assert error.status == 429 and error.headers is not None
                assert int(error.headers["Retry-After"]) >= 5
                return False
            return True

        assert sum(await asyncio.gather(*(connect() for _ in range(20)))) == 5
        found = await scrape(gateway)
        assert found["kikipounamu_refusals_total"][RefusalReason.CONNECTIONS.value,] == 15
        assert (found["kikipounamu_connections"], found["kikipounamu_accepting"]) == ({(): 5}, {(): 0})
