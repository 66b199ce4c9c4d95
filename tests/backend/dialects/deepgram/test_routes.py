"""``POST /v1/listen``: the body is the file."""

import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import aiohttp
import pytest

from backend.dialects.deepgram.routes import LISTEN_PATH
from backend.gateway import Gateway
from backend.rest.file_settings import FileSettings
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from tests.app.speech import SPEECH
from tests.backend.conftest import KEY
from tests.backend.dialects.test_file_audio import cut_wave
from tests.backend.fake_worker import FakeWorker, fail, working
from tests.helpers.valkey import Broker

FILE = (SPEECH / "en-03.flac").read_bytes()


@pytest.fixture
async def gateway(broker: Broker, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway with a folder for files, and without a history."""
    files = FileSettings(tmp_path / "submitted", request_bytes=2 * len(FILE))
    async with running_gateway(GatewaySettings(redis=broker.url, key=KEY, files=files)) as gateway:
        yield gateway


@pytest.fixture
async def worker(broker: Broker, gateway: Gateway) -> AsyncIterator[FakeWorker]:
    """A worker that reads only the class in which Whisper times each word."""
    async with working(broker.url, priority="bulk") as worker:
        yield worker


async def posted(
    gateway: Gateway, data: bytes | AsyncIterator[bytes], query: str = "", **headers: str
) -> tuple[int, dict[str, object]]:
    """Post a body, and return status and answer."""
    url = f"{gateway.url}{LISTEN_PATH}?{query}"
    headers = {"Authorization": f"Token {KEY}", **headers}
    async with aiohttp.ClientSession() as http, http.post(url, data=data, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_file_becomes_text_and_leaves_nothing_behind(gateway: Gateway, worker: FakeWorker) -> None:
    for data, truncated in ((FILE, False), (cut_wave(), True), (cut_wave()[:4_000], True)):
        status, body = await posted(gateway, data, "model=nova-3")
        assert status == 200 and set(body) == {"metadata", "results"}
        metadata = json.dumps(body["metadata"])
        assert sha256(data).hexdigest() in metadata and ('"truncated": true' in metadata) == truncated
        assert not gateway.hub.connections


@pytest.mark.parametrize(
    ("data", "query", "headers", "reason"),
    [
        (b"", "", {}, "empty"),
        (b'{"url": "x"}', "", {"Content-Type": "application/json"}, "fetches nothing"),
        (b"audio", "encoding=linear16", {}, "without encoding"),
        (b"audio", "callback=https://example.org", {}, "calls no address"),
        (b"audio", "language=first", {}, "language"),
    ],
)
async def test_unusable_request_is_refused_with_advice(
    gateway: Gateway, data: bytes, query: str, headers: dict[str, str], reason: str
) -> None:
    status, body = await posted(gateway, data, query, **headers)
    assert status == 400 and reason in str(body["err_msg"])


@pytest.mark.parametrize("announced", [True, False])
async def test_file_that_leaves_no_room_for_others_is_refused(gateway: Gateway, announced: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield FILE
        yield b"x"

    status, body = await posted(gateway, FILE + b"x" if announced else pieces())
    assert (status, body["err_code"]) == (503, "SERVICE_UNAVAILABLE")


async def test_packed_body_is_refused(gateway: Gateway) -> None:
    status, body = await posted(gateway, FILE, **{"Content-Encoding": "br"})
    assert status in (400, 415), body


async def test_failed_segment_is_never_half_a_text(gateway: Gateway, broker: Broker) -> None:
    async with working(broker.url, recognise=fail, priority="bulk"):
        status, body = await posted(gateway, FILE)
    assert (status, body["err_code"]) == (500, "INTERNAL_SERVER_ERROR")
