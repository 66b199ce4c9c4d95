"""The path of Vosk's protocol, for clients that send no configuration."""

import aiohttp
import pytest

from backend.dialects.vosk.routes import VOSK_PATH
from backend.gateway import Gateway
from tests.backend.conftest import KEY
from tests.backend.dialects.vosk.test_stream import EOF, SPOKEN, reply
from tests.backend.fake_worker import FakeWorker
from tests.helpers.recordings import chunks


async def test_rate_may_stand_in_the_address(gateway: Gateway, worker: FakeWorker) -> None:
    url, audio = f"{gateway.url}{VOSK_PATH}?api_key={KEY}&sample_rate=8000", SPOKEN[::2]
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        replies = [await reply(socket, piece.tobytes()) for piece in chunks(audio, 8_000)]
        replies.append(await reply(socket, EOF))
    ends = [word["end"] for one in replies for word in one.get("result", [])]
    assert len(audio) / 16_000 < max(ends) < len(audio) / 8_000


async def test_unusable_rate_is_refused(gateway: Gateway) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await http.ws_connect(f"{gateway.url}{VOSK_PATH}?api_key={KEY}&sample_rate=1")
    assert caught.value.status == 400
