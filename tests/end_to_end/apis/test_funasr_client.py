"""Clients of FunASR's servers dictate to a real gateway."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import aiohttp
import numpy as np
import pytest
from funasr_client import async_funasr_client

from protocol.endpoint import Endpoint
from protocol.texts import join_texts
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.helpers.api_chain import text_of_file, texts_of_stream
from tests.helpers.chain import Chain

SPOKEN = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(16_000, np.int16)] * 2)
FRAME = 960


@pytest.fixture
def url(chain: tuple[Chain, Endpoint]) -> str:
    endpoint = chain[1]
    return f"{endpoint.url.replace('http', 'ws', 1)}/?api_key={quote(endpoint.key)}"


def frames() -> Iterator[bytes]:
    """Return the speech in frames of 60 ms."""
    for start in range(0, len(SPOKEN), FRAME):
        yield SPOKEN[start : start + FRAME].tobytes()


async def dictated(url: str, **options: Any) -> list[dict[str, Any]]:
    """Dictate with the client from the package index, and return all messages."""
    messages: list[dict[str, Any]] = []

    def note(message: Any) -> None:
        messages.append(dict(message))

    client = async_funasr_client(url, callback=note, decode=False, **options)
    async with client:
        for frame in frames():
            await client.send(frame)
        await client.close(timeout=60)
    return messages


async def test_two_passes_give_the_texts_of_our_protocol(url: str) -> None:
    messages = await dictated(url, mode="2pass")
    texts = [message["text"] for message in messages if message["mode"] == "2pass-offline"]
    assert "".join(texts) == join_texts(texts_of_stream(SPOKEN)) != ""
    assert [message["is_final"] for message in messages] == [False] * (len(messages) - 1) + [True]


@pytest.mark.parametrize("mode", ["offline", "online"])
async def test_other_modes_give_the_same_text(url: str, mode: str) -> None:
    messages = await dictated(url, mode=mode)
    assert "".join(message["text"] for message in messages) == join_texts(texts_of_stream(SPOKEN))
    assert {message["mode"] for message in messages} == {mode}


async def test_file_has_the_text_of_the_engine(url: str) -> None:
    messages: list[dict[str, Any]] = []
    client = async_funasr_client(
        url,
        callback=lambda message: messages.append(dict(message)),
        decode=False,
        mode="offline",
        wav_format="flac",
    )
    async with client:
        await client.send((SPEECH / "en-03.flac").read_bytes())
        await client.close(timeout=60)
    assert messages[-1]["text"] == text_of_file(SPEECH / "en-03.flac") != ""


async def test_connection_carries_several_speeches(chain: tuple[Chain, Endpoint], url: str) -> None:
    finals = []
    async with aiohttp.ClientSession() as http, http.ws_connect(url, protocols=("binary",)) as socket:
        assert socket.protocol == "binary"
        for name in ("first", "second"):
            await socket.send_json({"mode": "offline", "wav_name": name, "is_speaking": True})
            for frame in frames():
                await socket.send_bytes(frame)
            await socket.send_json({"is_speaking": False, "is_end": True})
            finals += [await socket.receive_json(timeout=60), await socket.receive_json(timeout=60)]
    whole = join_texts(texts_of_stream(SPOKEN))
    assert [(one["wav_name"], one["text"]) for one in finals[::2]] == [("first", whole), ("second", whole)]
    assert all(one["is_end"] for one in finals[1::2])


async def test_wrong_key_and_plain_requests_are_refused(chain: tuple[Chain, Endpoint]) -> None:
    endpoint = chain[1]
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await http.ws_connect(f"{endpoint.url}/?token=wrong")
        assert caught.value.status == 401
        async with http.get(endpoint.url + "/") as answer:
            assert answer.status == 404


async def test_broken_message_is_an_error_and_not_the_end(url: str) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        await socket.send_str("{")
        assert (await socket.receive_json(timeout=60))["error"]["code"] == "malformed"
        await socket.send_json({"mode": "offline", "is_speaking": True})
        await socket.send_json({"is_speaking": False})
        assert (await socket.receive_json(timeout=60))["is_final"]


async def test_killed_worker_loses_nothing(chain: tuple[Chain, Endpoint], url: str) -> None:
    running, _ = chain
    dictating = asyncio.create_task(dictated(url, mode="2pass"))
    await asyncio.to_thread(running.programs[-1].kill)
    running.worker("--engine", "checksum")
    texts = [message["text"] for message in await dictating if message["mode"] == "2pass-offline"]
    assert "".join(texts) == join_texts(texts_of_stream(SPOKEN))
