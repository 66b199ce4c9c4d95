"""Finding the gateway of this user: none, a stale file, one that answers, one that leaves."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from app import local_gateway
from app.local_gateway import alive, ask, locate, own_certificate, read_endpoint, running
from client.connection import Address
from client.errors import Unreachable
from protocol.endpoint import Endpoint, encode_endpoint


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

    application = web.Application()
    application.router.add_get("/readyz", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def gone() -> int:
    """Number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


async def test_nothing_there() -> None:
    assert read_endpoint() is None and own_certificate() == ""
    assert await running() is None
    with pytest.raises(Unreachable, match="kikipounamu up"):
        locate()


async def test_a_damaged_file_is_nothing(home: Path) -> None:
    (home / "run").mkdir()
    local_gateway.endpoint_file().write_bytes(b"{")
    assert read_endpoint() is None


async def test_a_gateway_that_died_is_not_running() -> None:
    async with answering(lambda request: web.json_response({"ready": True})) as url:
        write(Endpoint(url, "k", gone(), "ab" * 32))
        assert await running() is None and own_certificate() == "ab" * 32
        assert locate() == Address(url, "k")


async def test_one_that_answers_shows_how_it_is() -> None:
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


async def test_one_that_leaves_is_not_used() -> None:
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
async def test_something_else_is_no_gateway(answer: Callable[[web.Request], web.Response]) -> None:
    async with answering(answer) as url:
        assert await ask(Endpoint(url, "k", 1)) is None


async def test_nobody_listens() -> None:
    assert await ask(Endpoint("http://127.0.0.1:9", "k", 1)) is None
    assert await ask(Endpoint("not a url", "k", 1)) is None


def test_alive() -> None:
    assert alive(os.getpid())
    assert not alive(gone())
