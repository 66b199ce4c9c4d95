"""Test that the example gateway serves its figures to clients with the key."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import msgspec
import pytest
from msgspec.structs import replace

from protocol.monitor import DASHBOARD_PATH, MONITOR_PATH, TIMELINE_PATH, Snapshot
from scripts.example_gateway import ExampleGateway, example_gateway
from scripts.example_hour import ExampleHour

HOUR = ExampleHour()
RIGHT = {"Authorization": "Bearer k"}


@pytest.fixture
def gateway() -> Iterator[ExampleGateway]:
    with example_gateway(HOUR.timeline(), HOUR.snapshot()) as gateway:
        yield gateway


@pytest.fixture
async def http(gateway: ExampleGateway) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(gateway.url) as session:
        yield session


async def next_of(response: aiohttp.ClientResponse) -> Snapshot:
    event = await response.content.readuntil(b"\n\n")
    assert event.startswith(b"event: snapshot\n")
    return msgspec.json.decode(event.partition(b"data: ")[2], type=Snapshot)


async def test_example_gateway_serves_dashboard_and_figures(
    gateway: ExampleGateway, http: aiohttp.ClientSession
) -> None:
    async with http.get(DASHBOARD_PATH) as page, http.get(TIMELINE_PATH) as hour:
        assert page.status == hour.status == 200
        assert len((await hour.json())["moments"]) == len(HOUR.timeline().moments)
    async with http.get(MONITOR_PATH) as watching:
        assert await next_of(watching) == HOUR.snapshot()
        gateway.publish(replace(HOUR.snapshot(), sessions=99))
        assert (await next_of(watching)).sessions == 99
        gateway.publish(cut=True)
        assert await watching.content.read() == b""
    assert gateway.watched == 1


async def test_example_gateway_refuses_on_demand(gateway: ExampleGateway, http: aiohttp.ClientSession) -> None:
    gateway.key = "k"
    for path in (MONITOR_PATH, TIMELINE_PATH):
        async with http.get(path) as without, http.get(path, headers=RIGHT) as right:
            assert (without.status, right.status) == (401, 200)
    gateway.refusal = 429
    async with http.get(MONITOR_PATH, headers=RIGHT) as refused:
        assert refused.status == 429 and refused.headers["Retry-After"] == "1"
