"""Live speech over Deepgram's protocol: formats, messages, errors, limits and broken messages."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from backend.admission.quotas import Quota
from backend.devices.records import DeviceStore
from backend.dialects.deepgram.routes import LISTEN_PATH
from backend.gateway import Gateway
from backend.rest.file_settings import FileSettings
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.devices import DeviceKind
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.backend.conftest import KEY
from tests.backend.dialects.test_audio_formats import wave
from tests.backend.fake_worker import FakeWorker, fail, working
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SPOKEN = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(24_000, np.int16)])
PCM = "encoding=linear16&sample_rate=16000"


def url(gateway: Gateway, query: str = PCM) -> str:
    return f"{gateway.url}{LISTEN_PATH}?api_key={KEY}&{query}"


@asynccontextmanager
async def connected(gateway: Gateway, query: str = PCM) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with aiohttp.ClientSession() as http, http.ws_connect(url(gateway, query)) as socket:
        yield socket


async def rest(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    """End the audio, and return all messages that still come."""
    await socket.send_json({"type": "CloseStream"})
    return [json.loads(message.data) async for message in socket]


def spoken(messages: list[dict[str, Any]]) -> list[str]:
    finals = [one for one in messages if one["type"] == "Results" and one["is_final"]]
    return [one["channel"]["alternatives"][0]["transcript"] for one in finals]


async def test_formats_give_the_same_text(gateway: Gateway, worker: FakeWorker) -> None:
    stereo = np.repeat(SPOKEN, 2).tobytes()
    texts = []
    for query, audio in (
        (PCM, SPOKEN.tobytes()),
        (PCM + "&channels=2", stereo),
        ("model=nova-3", wave() + SPOKEN.tobytes()),
        ("model=nova-3", wave(channels=2) + stereo),
    ):
        async with connected(gateway, query) as socket:
            for start, end in pairwise([0, 9, *range(4_001, len(audio), 4_001), len(audio)]):  # 9: cuts headers
                await socket.send_bytes(audio[start:end])
            texts.append(spoken(await rest(socket)))
    assert texts[0] and texts == [texts[0]] * 4


async def test_finalize_brings_the_text_at_once(gateway: Gateway, worker: FakeWorker) -> None:
    async with connected(gateway) as socket:
        await socket.send_json({"type": "Finalize"})
        first = await socket.receive_json(timeout=30)
        assert first["from_finalize"] and (first["start"], first["duration"]) == (0, 0)
        for _ in range(2):
            await socket.send_bytes(SPOKEN[:32_000].tobytes())
            await socket.send_json({"type": "Finalize"})
            message = await socket.receive_json(timeout=30)
            assert message["from_finalize"] and message["channel"]["alternatives"][0]["transcript"]
        assert [one["type"] for one in await rest(socket)] == ["Metadata"]


async def test_each_finalize_has_its_answer(gateway: Gateway, broker: Broker) -> None:
    async with connected(gateway) as socket:
        await socket.send_bytes(SPOKEN[:32_000].tobytes())
        for _ in range(3):
            await socket.send_json({"type": "Finalize"})
        async with working(broker.url):
            answers = [await socket.receive_json(timeout=30) for _ in range(3)]
            assert spoken(answers)[0] and spoken(answers)[1:] == ["", ""]
            assert all(one["from_finalize"] for one in answers)
            assert [one["type"] for one in await rest(socket)] == ["Metadata"]


async def test_last_message_describes_the_audio(gateway: Gateway, worker: FakeWorker) -> None:
    async with connected(gateway) as socket:
        await socket.send_bytes(SPOKEN.tobytes())
        await socket.send_bytes(b"")
        messages = [json.loads(message.data) async for message in socket]
        assert socket.close_code == aiohttp.WSCloseCode.OK
    assert messages[-1]["type"] == "Metadata"
    assert messages[-1]["duration"] == pytest.approx(len(SPOKEN) / 16_000, abs=0.001)
    assert messages[-1]["sha256"] == sha256(SPOKEN.tobytes()).hexdigest()


async def test_provisional_text_comes_if_it_is_asked_for(gateway: Gateway, broker: Broker) -> None:
    query = PCM + "&interim_results=true"
    async with working(broker.url, text=lambda job: "so far"), connected(gateway, query) as socket:
        await wait_until(lambda: gateway.monitor.survey.workers, "the worker is known")
        for start in range(0, 48_000, 1_600):
            await socket.send_bytes(SPOKEN[start : start + 1_600].tobytes())
        message = await socket.receive_json(timeout=30)
        assert (message["is_final"], message["channel"]["alternatives"][0]["transcript"]) == (False, "so far")


async def test_other_messages_are_answered(gateway: Gateway) -> None:
    async with connected(gateway) as socket:
        await socket.send_str("no message")
        assert (await socket.receive_json(timeout=30))["variant"] == "SchemaError"
        await socket.send_json({"type": "Configure", "keyterms": ["a"]})
        assert (await socket.receive_json(timeout=30))["code"] == "CONFIGURE_KEYTERMS_NOT_SUPPORTED"
        await socket.send_json({"type": "Configure", "features": {"numerals": True}})
        assert (await socket.receive_json(timeout=30))["type"] == "ConfigureSuccess"


async def test_failed_segment_ends_the_connection_with_an_error(gateway: Gateway, broker: Broker) -> None:
    async with working(broker.url, recognise=fail), connected(gateway) as socket:
        await socket.send_bytes(SPOKEN.tobytes())
        messages = await rest(socket)
        assert socket.close_code == aiohttp.WSCloseCode.INTERNAL_ERROR
    assert [one["type"] for one in messages] == ["Error"]


async def test_failed_speech_ends_the_connection_of_a_client_that_waits(gateway: Gateway, broker: Broker) -> None:
    """The client has asked for its text, and says nothing until it comes."""
    async with working(broker.url, recognise=fail), connected(gateway) as socket:
        await socket.send_bytes(SPOKEN[:32_000].tobytes())
        await socket.send_json({"type": "Finalize"})
        assert (await socket.receive_json(timeout=30))["type"] == "Error"
        assert (await socket.receive(timeout=30)).data == aiohttp.WSCloseCode.INTERNAL_ERROR


@pytest.mark.parametrize("data", ["", "[]", '{"type": 7}', '{"type": "Speak"}'])
async def test_unknown_message_is_an_error_and_not_the_end(gateway: Gateway, data: str) -> None:
    async with connected(gateway) as socket:
        await socket.send_str(data)
        assert (await socket.receive_json(timeout=30))["variant"] == "SchemaError"
        assert [one["type"] for one in await rest(socket)] == ["Metadata"]


async def test_unknown_container_is_refused(gateway: Gateway) -> None:
    async with connected(gateway, "model=nova-3") as socket:
        await socket.send_bytes(b"OggS and more")
        assert (await socket.receive_json(timeout=30))["variant"] == "DATA-0000"
        assert (await socket.receive(timeout=30)).data == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_error_names_the_missing_upgrade(gateway: Gateway) -> None:
    headers = {"Authorization": f"Token {KEY}"}
    async with aiohttp.ClientSession() as http, http.get(url(gateway), headers=headers) as answer:
        body = await answer.json()
    assert answer.status == 400 and body["err_code"] == "Bad Request"
    assert "Upgrade: websocket" in body["err_msg"]


async def test_wrong_key_as_a_subprotocol_is_refused(gateway: Gateway) -> None:
    address = f"{gateway.url}{LISTEN_PATH}?{PCM}"
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await http.ws_connect(address, protocols=("token", "wrong"))
        assert caught.value.status == 401
        assert caught.value.headers is not None and "dg-error" in caught.value.headers


async def test_streams_of_a_key_are_limited(broker: Broker, tmp_path: Path) -> None:
    store = DeviceStore(tmp_path / "devices.json")
    _, key = store.add("a phone", DeviceKind.CLIENT, 0)
    files, quota = FileSettings(tmp_path / "submitted"), Quota(streams=1)
    settings = GatewaySettings(redis=broker.url, key=KEY, devices_file=store.file, files=files, quota=quota)
    async with running_gateway(settings) as gateway, aiohttp.ClientSession() as http:
        address = url(gateway).replace(KEY, key)
        plain = f"{gateway.url}{LISTEN_PATH}?{PCM}"
        async with http.ws_connect(plain, protocols=("token", key)) as socket:  # as browsers do
            await socket.send_bytes(SPOKEN.tobytes())
            await wait_until(lambda: gateway.hub.connections, "the session is open")
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await http.ws_connect(address)
            assert caught.value.status == 429
            async with http.post(f"{gateway.url}{LISTEN_PATH}?api_key={key}", data=b"audio") as answer:
                assert (answer.status, (await answer.json())["err_code"]) == (429, "TOO_MANY_REQUESTS")


async def test_client_that_leaves_is_forgotten(gateway: Gateway) -> None:
    async with connected(gateway) as socket:
        await socket.send_bytes(SPOKEN.tobytes())
        await wait_until(lambda: gateway.hub.connections, "the session is open")
    await wait_until(lambda: not gateway.hub.connections, "the session is left")
