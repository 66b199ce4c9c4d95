"""The path of Vosk's protocol, for clients that send no configuration."""

import aiohttp
import pytest

from backend.dialects.vosk.routes import VOSK_PATH
from backend.gateway import Gateway
from tests.backend.conftest import KEY


async def test_rate_may_stand_in_the_address(gateway: Gateway) -> None:
    url = f"{gateway.url}{VOSK_PATH}?api_key={KEY}&sample_rate=8000"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        await socket.send_bytes(bytes(640))
        assert await socket.receive_json(timeout=30) == {"partial": ""}


async def test_unusable_rate_is_refused(gateway: Gateway) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await http.ws_connect(f"{gateway.url}{VOSK_PATH}?api_key={KEY}&sample_rate=1")
    assert caught.value.status == 400
