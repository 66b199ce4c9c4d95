"""A connection of Vosk's protocol: one reply per piece, the rest at the end, errors and broken messages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np
import pytest

from backend.dialects.vosk.routes import VOSK_PATH
from backend.gateway import Gateway
from protocol.texts import join_texts
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.backend.conftest import KEY
from tests.backend.fake_worker import FakeWorker, fail, working
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SPOKEN = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(16_000, np.int16)] * 2)
PIECE = 4_000
EOF = '{"eof" : 1}'


@asynccontextmanager
async def connected(gateway: Gateway, path: str = VOSK_PATH) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    url = f"{gateway.url}{path}?api_key={KEY}"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        await socket.send_str('{ "config" : { "sample_rate" : 16000.000000 } }')
        yield socket


async def reply(socket: aiohttp.ClientWebSocketResponse, message: str | bytes) -> dict[str, Any]:
    """Send a message, and return its one reply."""
    await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))
    found: dict[str, Any] = await socket.receive_json(timeout=30)
    return found


async def heard(socket: aiohttp.ClientWebSocketResponse, end: str = EOF) -> list[dict[str, Any]]:
    """Say everything as the clients do, and return the replies with texts."""
    audio = SPOKEN.tobytes()
    pieces = [audio[start : start + PIECE] for start in range(0, len(audio), PIECE)]
    messages: list[str | bytes] = [*pieces, end]
    replies = [await reply(socket, message) for message in messages]
    assert len(replies) == len(pieces) + 1
    return [one for one in replies if "partial" not in one]


@pytest.mark.parametrize("path", [VOSK_PATH, "/"])
async def test_each_piece_has_one_reply_and_the_last_one_the_rest(
    gateway: Gateway, worker: FakeWorker, path: str
) -> None:
    async with connected(gateway, path) as socket:
        replies = await heard(socket)
        assert (await socket.receive(timeout=30)).data == aiohttp.WSCloseCode.OK
    words = [word["word"] for one in replies for word in one.get("result", [])]
    assert " ".join(one["text"] for one in replies).split() == words and len(words) == 2
    await wait_until(lambda: not gateway.hub.connections, "the session is left")


async def test_reset_begins_another_speech(gateway: Gateway, worker: FakeWorker) -> None:
    async with connected(gateway) as socket:
        texts = [join_texts(one["text"] for one in await heard(socket, end)) for end in ('{"reset" : 1}', EOF)]
    assert texts[0] == texts[1] != ""


async def test_provisional_text_is_in_the_replies(gateway: Gateway, broker: Broker) -> None:
    async with working(broker.url, text=lambda job: "so far"), connected(gateway) as socket:
        await wait_until(lambda: gateway.monitor.survey.workers, "the worker is known")

        for start in range(0, 32_000, 3_200):
            await reply(socket, SPOKEN[start : start + 3_200].tobytes())

        async def partial_sent() -> bool:
            return await reply(socket, bytes(4)) == {"partial": "so far"}  # too little audio to matter

        await wait_until(partial_sent, "a provisional text")


async def test_failed_segment_ends_the_connection_with_an_error(gateway: Gateway, broker: Broker) -> None:
    async with working(broker.url, recognise=fail), connected(gateway) as socket:
        await reply(socket, SPOKEN[:32_000].tobytes())
        await socket.send_str(EOF)
        message = await socket.receive(timeout=30)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.INTERNAL_ERROR)


async def test_unusable_message_ends_the_connection_with_a_reason(gateway: Gateway) -> None:
    async with connected(gateway) as socket:
        await socket.send_str('{"config": {"sample_rate": 1}}')
        message = await socket.receive(timeout=30)
        assert message.data == aiohttp.WSCloseCode.POLICY_VIOLATION and "sample_rate" in str(message.extra)
