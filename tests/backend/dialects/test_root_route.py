"""The root of a gateway answers only clients of FunASR."""

import aiohttp
import pytest

from backend.gateway import Gateway
from tests.backend.conftest import KEY
from tests.backend.wire import tone
from tests.helpers.waiting import wait_until


async def test_root_is_only_for_websockets(gateway: Gateway) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(gateway.url + "/") as answer:
            assert answer.status == 404
        async with http.ws_connect(f"{gateway.url}/?api_key={KEY}", protocols=("binary",)) as socket:
            assert socket.protocol == "binary"


async def test_first_message_reports_the_protocol(gateway: Gateway) -> None:
    url = f"{gateway.url}/?api_key={KEY}"
    async with aiohttp.ClientSession() as http:
        async with http.ws_connect(url) as socket:
            await socket.send_str('{"eof" : 1}')
            assert await socket.receive_json(timeout=30) == {"text": ""}
        async with http.ws_connect(url) as socket:
            await socket.send_str('{"mode": "offline", "is_speaking": false}')
            assert (await socket.receive_json(timeout=30))["is_final"]
        async with http.ws_connect(url) as socket:
            pass


@pytest.mark.parametrize("first", ['{"config": {"sample_rate": 16000}}', '{"mode": "2pass", "is_speaking": true}'])
async def test_client_that_leaves_is_forgotten(gateway: Gateway, first: str) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{gateway.url}/?api_key={KEY}") as socket:
        await socket.send_str(first)
        await socket.send_bytes(tone(16_000))
        await wait_until(lambda: gateway.hub.connections, "the session is open")
    await wait_until(lambda: not gateway.hub.connections, "the session is left")
