"""Figures over HTTP: for the keys of clients, and true."""

import aiohttp
import msgspec

from backend.gateway import Gateway
from protocol.monitor import TIMELINE_PATH, Timeline
from tests.backend.conftest import KEY
from tests.backend.wire import connected
from tests.helpers.waiting import wait_until


async def get(gateway: Gateway, path: str, key: str = KEY) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession() as http, http.get(gateway.url + path, headers=headers) as response:
        return response.status, await response.read()


async def test_whoever_comes_late_sees_the_last_hour(gateway: Gateway) -> None:
    async with connected(gateway.url, KEY):
        await wait_until(lambda: gateway.monitor.timeline().moments, "the first moment")
        status, body = await get(gateway, TIMELINE_PATH)
    timeline = msgspec.json.decode(body, type=Timeline)
    assert (status, timeline.step_s, len(timeline.moments)) == (200, 5.0, 1)
    (moment,) = timeline.moments
    assert moment.broker_up and moment.load.memory_bytes > 1_000_000
    assert moment.at_s <= timeline.uptime_s


async def test_figures_want_a_key(gateway: Gateway) -> None:
    status, body = await get(gateway, TIMELINE_PATH, "another key")
    assert (status, b"unauthorised" in body) == (401, True)
