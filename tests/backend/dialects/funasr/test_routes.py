"""FunASR's protocol has its own path beside the root."""

import aiohttp

from backend.dialects.funasr.routes import FUNASR_PATH
from backend.gateway import Gateway
from tests.backend.conftest import KEY


async def test_path_offers_the_subprotocol_of_the_clients(gateway: Gateway) -> None:
    url = f"{gateway.url}{FUNASR_PATH}?api_key={KEY}"
    async with aiohttp.ClientSession() as http, http.ws_connect(url, protocols=("binary",)) as socket:
        assert socket.protocol == "binary"
