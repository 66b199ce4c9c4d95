"""Tests of finding this user's gateway: none, a stale file, one that answers, one that is draining."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from app.local_services import local_gateway
from app.local_services.local_gateway import alive, ask, locate, own_certificate, read_endpoint, running
from client.connection import Address
from client.errors import Unreachable
from protocol.endpoint import Endpoint, encode_endpoint
from tests.helpers.web_server import serving


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    return tmp_path


def write(endpoint: Endpoint) -> None:
    local_gateway.endpoint_file().parent.mkdir(parents=True, exist_ok=True)
    local_gateway.endpoint_file().write_bytes(encode_endpoint(endpoint))


@asynccontextmanager
async def answering(answer: Callable[[web.Request], web.Response]) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.Response:
        return answer(request)

    async with serving(web.get("/readyz", handle)) as url:
        yield url


def gone() -> int:
    """Return the id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


async def test_no_gateway_is_found_without_endpoint_file() -> None:
    assert read_endpoint() is None and own_certificate() == ""
    assert await running() is None
    with pytest.raises(Unreachable, match="kikipounamu up"):
        locate()


async def test_damaged_endpoint_file_is_ignored(home: Path) -> None:
    (home / "run").mkdir()
    local_gateway.endpoint_file().write_bytes(b"{")
    assert read_endpoint() is None


async def test_dead_gateway_is_not_running() -> None:
    async with answering(lambda request: web.json_response({"ready": True})) as url:
        write(Endpoint(url, "k", gone(), "ab" * 32))
        assert await running() is None and own_certificate() == "ab" * 32
        assert locate() == Address(url, "k")


async def test_running_returns_readiness_of_gateway() -> None:
    keys: list[str] = []

    def answer(request: web.Request) -> web.Response:
        keys.append(request.headers["Authorization"])
        body = {"ready": False, "embedded": True, "workers": 0, "broker": {"up": True}, "new": 1}
        return web.json_response(body, status=503)

    async with answering(answer) as url:
        write(Endpoint(url, "k", os.getpid()))
        found = await running()
    assert found is not None
    assert found.endpoint.url == url
    assert (found.readiness.ready, found.readiness.embedded, found.readiness.broker.up) == (False, True, True)
    assert keys == ["Bearer k"]


async def test_draining_gateway_is_not_used() -> None:
    async with answering(lambda request: web.json_response({"draining": True}, status=503)) as url:
        write(Endpoint(url, "k", os.getpid()))
        assert await running() is None


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: web.Response(text="not json"),
        lambda request: web.json_response({"ready": "perhaps"}),
        lambda request: web.Response(status=401),
        lambda request: web.Response(status=404),
    ],
)
async def test_ask_rejects_unexpected_answers(answer: Callable[[web.Request], web.Response]) -> None:
    async with answering(answer) as url:
        assert await ask(Endpoint(url, "k", 1)) is None


async def test_ask_returns_none_when_no_server_listens() -> None:
    assert await ask(Endpoint("http://127.0.0.1:9", "k", 1)) is None
    assert await ask(Endpoint("not a url", "k", 1)) is None


def test_alive_distinguishes_running_and_ended_processes() -> None:
    assert alive(os.getpid())
    assert not alive(gone())
