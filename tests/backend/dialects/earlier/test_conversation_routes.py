"""The earlier server's WebSocket is there if it is switched on, with admission and quotas before the upgrade."""

import aiohttp
import pytest

from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from tests.backend.conftest import KEY
from tests.helpers.valkey import Broker


@pytest.mark.parametrize(("on", "status"), [(True, 101), (False, 404)])
async def test_setting_switches_the_protocol_on(broker: Broker, on: bool, status: int) -> None:
    settings = GatewaySettings(redis=broker.url, key=KEY, earlier_protocol=on)
    async with running_gateway(settings) as gateway, aiohttp.ClientSession() as http:
        try:
            async with http.ws_connect(f"{gateway.url}/ws/asr?api_key={KEY}"):
                assert status == 101
        except aiohttp.WSServerHandshakeError as error:
            assert error.status == status
        async with http.get(f"{gateway.url}/api/v1/asr/queue/status?api_key={KEY}") as answer:
            assert answer.status == (200 if on else 404)


async def test_busy_gateway_and_wrong_key_say_why_before_the_upgrade(broker: Broker) -> None:
    settings = GatewaySettings(redis=broker.url, key=KEY, earlier_protocol=True)
    async with running_gateway(settings) as gateway, aiohttp.ClientSession() as http:
        upgrade = {"Connection": "upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        headers = upgrade | {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
        async with http.get(f"{gateway.url}/ws/asr?api_key=wrong", headers=headers) as answer:
            assert (answer.status, (await answer.json())["details"]) == (401, "unauthorised")
        gateway._draining = True
        async with http.get(f"{gateway.url}/ws/asr?api_key={KEY}", headers=headers) as answer:
            assert (answer.status, bool((await answer.json())["error"])) == (503, True)
        gateway._draining = False
