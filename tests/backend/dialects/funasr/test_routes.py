"""The root of a gateway answers clients of FunASR, and nobody else."""

import aiohttp

from backend.gateway import Gateway
from tests.backend.conftest import KEY


async def test_root_is_only_for_websockets(gateway: Gateway) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(gateway.url + "/") as answer:
            assert answer.status == 404
        async with http.ws_connect(f"{gateway.url}/?api_key={KEY}", protocols=("binary",)) as socket:
            assert socket.protocol == "binary"
