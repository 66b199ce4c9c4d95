"""A client of the earlier server's protocol dictates to a real gateway, submits files and asks for texts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from app.local_api.service import local_api
from backend.devices.records import DeviceStore
from client.connection import Address, fixed_locator
from protocol.devices import DeviceKind
from protocol.endpoint import Endpoint
from protocol.texts import join_texts
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.helpers.api_chain import text_of_file, texts_of_stream
from tests.helpers.chain import KEY, Chain, running_chain
from tests.helpers.earlier_client import chunks_of, earlier_client
from tests.helpers.waiting import wait_until

FILE = SPEECH / "en-03.flac"
SAMPLES = np.concatenate([*read_audio(FILE), np.zeros(16_000, np.int16)] * 2)
SPOKEN = SAMPLES.tobytes()
TEXT = join_texts(texts_of_stream(SAMPLES))


class Running:
    """A chain that serves the protocol. ``key``: that of a device which may have one stream."""

    def __init__(self, chain: Chain) -> None:
        chain.configure('earlier_protocol = true\nhistory = "on"\nstreams_per_key = 1\n')
        devices = chain.root / "home" / "data" / "devices.json"
        _, self.key = DeviceStore(devices).add("a phone", DeviceKind.CLIENT, 0)
        self.program, self.endpoint = chain.gateway()
        chain.worker()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_chain(tmp_path_factory.mktemp("earlier")) as chain:
        yield Running(chain)


async def asked(endpoint: Endpoint, method: str, path: str, data: Any = None) -> Any:
    """Return the body of an answer, which is no error."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.request(method, f"{endpoint.url}/api/v1{path}", data=data) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_text_is_that_of_our_protocol(running: Running) -> None:
    async with earlier_client(running.endpoint.url, KEY) as client:
        whole = await client.dictate(SPOKEN, "take/1 早上")
        assert (whole["type"], whole["text"]) == ("final_result", TEXT)
        assert "".join(client.texts().values()) == TEXT != ""
        assert len(client.texts()) == whole["chunk_count"] == len(list(chunks_of(SPOKEN)))

    async def stored() -> Any:
        listed = (await asked(running.endpoint, "GET", "/history"))["sessions"]
        return next((one for one in listed if one["final_text"] == TEXT), None)

    there = await wait_until(stored, "the history has the recording")
    assert there["id"] == "take/1 早上"
    one = await asked(running.endpoint, "GET", "/session/take%2F1%20%E6%97%A9%E4%B8%8A")
    assert one["final_text"] == TEXT


async def test_submitted_file_has_the_same_text(running: Running) -> None:
    form = aiohttp.FormData()
    form.add_field("file", FILE.read_bytes(), filename=FILE.name)
    task = (await asked(running.endpoint, "POST", "/asr/submit?language=en&batch_size=500", form))["task_id"]

    async def done() -> Any:
        result = await asked(running.endpoint, "GET", f"/asr/result/{task}")
        return result if result["status"] not in ("queued", "processing") else None

    assert (await wait_until(done, "the file has its text"))["text"] == text_of_file(FILE)


async def test_quota_of_a_key_holds_for_each_recording(running: Running) -> None:
    async with earlier_client(running.endpoint.url, running.key) as client:
        await client.send(action="start", session_id="r-1")
        await client.send(action="start", session_id="r-2")
        refused = await client.until("error")
        assert (refused["session_id"], bool(refused["message"])) == ("r-2", True)
        await client.send(action="finish", session_id="r-1")
        assert (await client.until("final_result", "error"))["type"] == "final_result"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with earlier_client(running.endpoint.url, "wrong"):
                pass


async def test_local_port_needs_no_key(running: Running) -> None:
    address = Address(running.endpoint.url, KEY)
    async with (
        local_api(fixed_locator(address), 0) as port,
        earlier_client(f"http://127.0.0.1:{port}", "none") as client,
    ):
        assert (await client.dictate(SPOKEN))["text"] == TEXT


def test_log_has_neither_texts_nor_names_of_recordings(running: Running) -> None:
    log = Path(running.program.log).read_text(encoding="utf-8")
    assert TEXT.split()[0] not in log and "take/1" not in log and json.dumps("早上") not in log
