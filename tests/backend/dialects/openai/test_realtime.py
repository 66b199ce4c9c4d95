"""Live transcription: a change of the configuration, failures, and clients that leave."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np

from backend.dialects.openai.realtime import REALTIME_PATH
from backend.gateway import Gateway
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.backend.conftest import KEY
from tests.backend.fake_worker import FakeWorker, fail, working
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SPOKEN = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(24_000, np.int16)])
TEXT = "conversation.item.input_audio_transcription"


@asynccontextmanager
async def connected(gateway: Gateway, **given: Any) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Connect and configure the session."""
    url = f"{gateway.url}{REALTIME_PATH}?api_key={KEY}"
    async with aiohttp.ClientSession() as http, http.ws_connect(url, protocols=("realtime",)) as socket:
        given = {"format": {"type": "audio/pcm", "rate": 16_000}, **given}
        await socket.send_json({"type": "session.update", "session": {"audio": {"input": given}}})
        yield socket


async def append(socket: aiohttp.ClientWebSocketResponse) -> None:
    await socket.send_json({"type": "input_audio_buffer.append", "audio": b64encode(SPOKEN.tobytes()).decode()})


async def until(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """Return the next event of this kind."""
    while (event := await socket.receive_json(timeout=30))["type"] != kind:
        pass
    found: dict[str, Any] = event
    return found


async def test_failed_turn_is_reported_and_the_next_one_goes_on(gateway: Gateway, broker: Broker) -> None:
    async with connected(gateway, turn_detection=None) as socket:
        async with working(broker.url, recognise=fail):
            await append(socket)
            await socket.send_json({"type": "input_audio_buffer.commit"})
            assert (await until(socket, f"{TEXT}.failed"))["error"]["code"] == "engine_failed"
        async with working(broker.url):
            await append(socket)
            await socket.send_json({"type": "input_audio_buffer.commit"})
            assert (await until(socket, f"{TEXT}.completed"))["transcript"]


async def test_new_language_waits_for_the_texts_before(gateway: Gateway, worker: FakeWorker) -> None:
    async with connected(gateway, turn_detection=None) as socket:
        await until(socket, "session.updated")
        await append(socket)
        given = {"transcription": {"language": "zh"}}
        await socket.send_json({"type": "session.update", "session": {"audio": {"input": given}}})
        await until(socket, f"{TEXT}.completed")
        await until(socket, "session.updated")


async def test_client_that_leaves_is_forgotten(gateway: Gateway) -> None:
    async with connected(gateway) as socket:
        await append(socket)
        await wait_until(lambda: gateway.hub.connections, "the session is open")
    await wait_until(lambda: not gateway.hub.connections, "the session is left")
