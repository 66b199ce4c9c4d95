"""Requests that a process passes on to the main one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from backend.devices.registry import DeviceRegistry
from backend.http.access import Access
from backend.http.responses import abort, errors_as_json
from backend.http.settings import HttpSettings
from backend.processes import forwarding
from backend.processes.forwarding import PEER, SCHEME, Forwarder, as_forwarded


async def _echo(request: web.Request) -> web.Response:
    received = {
        "method": request.method,
        "path": request.raw_path,
        "peer": request.remote,
        "secure": request.secure,
        "host": request.host,
        "type": request.headers.get("Content-Type", ""),
        "body": (await request.read()).decode(),
    }
    return web.json_response(received, status=201, headers={"X-Answer": "yes"})


async def _elsewhere(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "/echo"})


async def _events(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"one")
    await request.app[MORE].wait()
    await response.write(b"two")
    return response


async def _break_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"one")
    abort(request)
    return response


MORE = web.AppKey("more", asyncio.Event)


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="kiki-") as found:
        yield Path(found)


class TwoProcesses:
    """The main process at ``main_url``, and another one in front of it at ``url``."""

    def __init__(self, folder: Path) -> None:
        self.link = SimpleNamespace(main_up=asyncio.Event(), forwards=folder / "s")
        self.main = web.Application(middlewares=[as_forwarded, errors_as_json])
        self.main[MORE] = asyncio.Event()
        self.main.add_routes([web.route("*", "/echo", _echo), web.get("/events", _events)])
        self.main.add_routes([web.get("/break", _break_off), web.get("/elsewhere", _elsewhere)])
        self.url = self.main_url = ""
        self.http: aiohttp.ClientSession


@asynccontextmanager
async def forwarded(folder: Path) -> AsyncIterator[TwoProcesses]:
    at = TwoProcesses(folder)
    access = Access(HttpSettings(key="k"), DeviceRegistry(None), lambda: 0.0)
    forwarder = Forwarder(cast(Any, at.link), access)
    other = web.Application(middlewares=[errors_as_json])
    other.add_routes(forwarder.routes())
    main_runner, runner = web.AppRunner(at.main, shutdown_timeout=0.1), web.AppRunner(other, shutdown_timeout=0.1)
    await main_runner.setup()
    await runner.setup()
    await web.TCPSite(main_runner, "127.0.0.1", 0).start()
    at.main_url = f"http://127.0.0.1:{main_runner.addresses[0][1]}"
    await web.UnixSite(main_runner, str(at.link.forwards)).start()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    at.url, at.http = f"http://127.0.0.1:{runner.addresses[0][1]}", aiohttp.ClientSession()
    at.link.main_up.set()
    try:
        yield at
    finally:
        await at.http.close()
        await runner.cleanup()
        await forwarder.close()
        await main_runner.cleanup()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
async def test_request_and_response_pass_unchanged(folder: Path, method: str) -> None:
    body = "" if method == "GET" else "x" * 300_000
    headers = {"Host": "gateway.example", "Content-Type": "text/x", PEER: "6.6.6.6", SCHEME: "https"}
    async with forwarded(folder) as at:
        path = "/echo?a=%2F&b=%20c"
        target = URL(at.url + path, encoded=True)
        async with at.http.request(method, target, data=body or None, headers=headers) as response:
            assert (response.status, response.headers["X-Answer"]) == (201, "yes")
            found = await response.json()
    assert found == {
        "method": method,
        "path": path,
        "peer": "127.0.0.1",
        "secure": False,
        "host": "gateway.example",
        "type": "text/x",
        "body": body,
    }


async def test_client_of_the_main_process_cannot_name_another_address(folder: Path) -> None:
    pretended = {PEER: "6.6.6.6", SCHEME: "https"}
    async with forwarded(folder) as at, at.http.get(f"{at.main_url}/echo", headers=pretended) as response:
        received = await response.json()
    assert (received["peer"], received["secure"]) == ("127.0.0.1", False)


async def test_redirection_is_passed_on_and_not_followed(folder: Path) -> None:
    async with forwarded(folder) as at, at.http.get(f"{at.url}/elsewhere", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/echo")


async def test_response_streams_piece_by_piece(folder: Path) -> None:
    async with forwarded(folder) as at, at.http.get(f"{at.url}/events") as response:
        assert await response.content.readany() == b"one"
        at.main[MORE].set()
        assert await response.content.read() == b"two"


async def test_upload_without_length_passes(folder: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"piece "

    async with forwarded(folder) as at, at.http.post(f"{at.url}/echo", data=pieces()) as response:
        assert (await response.json())["body"] == "piece piece piece "


async def test_body_that_cannot_be_decoded_is_the_fault_of_the_client(folder: Path) -> None:
    async with forwarded(folder) as at:
        encoded = {"Content-Encoding": "gzip"}
        async with at.http.post(f"{at.url}/echo", data=b"not gzip", headers=encoded) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (400, "malformed")


async def test_response_that_breaks_off_is_not_complete_for_the_client(folder: Path) -> None:
    async with forwarded(folder) as at:
        with pytest.raises(aiohttp.ClientError):
            async with at.http.get(f"{at.url}/break") as response:
                await response.read()


async def test_refusals_of_the_main_process_pass(folder: Path) -> None:
    async with forwarded(folder) as at, at.http.get(f"{at.url}/nowhere") as response:
        assert response.status == 404 and (await response.json())["error"]["code"] == "not_found"


async def test_request_waits_for_the_main_process_then_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with forwarded(folder) as at:
        at.link.main_up.clear()
        waiting = asyncio.create_task(at.http.get(f"{at.url}/echo"))
        await asyncio.sleep(0)
        at.link.main_up.set()
        assert (await waiting).status == 201
        monkeypatch.setattr(forwarding, "_MAIN_S", 0.01)
        at.link.main_up.clear()
        async with at.http.get(f"{at.url}/echo") as response:
            assert response.status == 503 and int(response.headers["Retry-After"]) > 0


async def test_unreachable_main_process_is_a_refusal(folder: Path) -> None:
    async with forwarded(folder) as at:
        at.link.forwards.unlink()
        async with at.http.get(f"{at.url}/echo") as response:
            assert response.status == 503
