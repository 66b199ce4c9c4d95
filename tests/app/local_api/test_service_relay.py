"""The local port passes requests and WebSockets on with this device's key, and says when it cannot."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from app.local_api.service import PortTaken, local_api
from backend.http.certificates import own_certificate, server_context
from client.connection import Address, fixed_locator
from client.errors import Unreachable
from loadtest.chaos.events import LinkDirection
from loadtest.chaos.proxy import tcp_proxy, to_port
from protocol.rest import TRUNCATED_HEADER
from tests.helpers.ports import sockets_to
from tests.helpers.waiting import wait_until
from tests.helpers.web_server import serving


@pytest.fixture
async def gateway() -> AsyncIterator[Address]:
    """Run a server that answers with what it was asked."""

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"key": request.headers["Authorization"], "query": request.query_string})

    async def files(request: web.Request) -> web.Response:
        headers = {"Retry-After": "7", TRUNCATED_HEADER: "true"}
        return web.Response(body=await request.read(), headers=headers, status=429)

    async def socket(request: web.Request) -> web.WebSocketResponse:
        here = web.WebSocketResponse(protocols=("realtime",))
        await here.prepare(request)
        async for message in here:
            await here.send_str(f"{request.headers['Authorization']} {message.data}")
            if message.data == "bye":
                await here.close(code=4000)
        return here

    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half a te")
        assert request.transport is not None
        request.transport.abort()
        return response

    routes = (web.post("/inference", broken), web.get("/v1/models", models), web.get("/v1/realtime", socket))
    async with serving(*routes, web.post("/v1/audio/transcriptions", files)) as url:
        yield Address(url, "the key")


@pytest.fixture
async def url(gateway: Address) -> AsyncIterator[str]:
    async with local_api(fixed_locator(gateway), 0) as port:
        yield f"http://127.0.0.1:{port}"


async def test_request_carries_the_key_of_this_device(url: str) -> None:
    headers = {"Authorization": "Bearer whatever"}
    async with aiohttp.ClientSession() as http, http.get(f"{url}/v1/models?a=b", headers=headers) as answer:
        assert await answer.json() == {"key": "Bearer the key", "query": "a=b"}


async def test_body_and_refusal_come_back(url: str) -> None:
    body = b"x" * 500_000
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{url}/v1/audio/transcriptions", data=BytesIO(body)) as answer:
            assert (answer.status, answer.headers["Retry-After"], await answer.read()) == (429, "7", body)
            assert answer.headers[TRUNCATED_HEADER] == "true"
        async with http.get(f"{url}/v1/models", headers={"Origin": "https://evil.example"}) as answer:
            assert answer.status == 403
        async with http.get(f"{url}/v1/devices") as answer:
            assert answer.status == 404


async def test_socket_is_passed_on_with_its_close(url: str) -> None:
    protocols = ("realtime", "openai-insecure-api-key.x")
    place = f"{url}/v1/realtime?api_key=x"
    async with aiohttp.ClientSession() as http, http.ws_connect(place, protocols=protocols) as socket:
        assert socket.protocol == "realtime"
        await socket.send_str("hello")
        assert await socket.receive_str(timeout=30) == "Bearer the key hello"
        await socket.send_str("bye")
        await socket.receive_str(timeout=30)
        async with asyncio.timeout(30):
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4000


async def test_closed_socket_waits_for_no_end_of_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.local_api.service._CLOSE_S", 0.01)
    certificate = own_certificate(tmp_path)

    async def echo(request: web.Request) -> web.WebSocketResponse:
        here = web.WebSocketResponse()
        await here.prepare(request)
        async for message in here:
            await here.send_str(message.data)
        return here

    async with (
        serving(web.get("/v1/realtime", echo), tls=server_context(certificate)) as url,
        tcp_proxy(to_port(URL(url).port or 0)) as proxy,
    ):
        address = Address(f"https://127.0.0.1:{proxy.port}", "k", certificate_sha256=certificate.sha256)
        async with local_api(fixed_locator(address), 0) as local, aiohttp.ClientSession() as http:
            async with http.ws_connect(f"http://127.0.0.1:{local}/v1/realtime") as socket:
                await socket.send_str("hello")
                assert await socket.receive_str(timeout=30) == "hello"
                assert sockets_to(proxy.port) == 1
                proxy.half_open({LinkDirection.DOWN})
            await wait_until(lambda: sockets_to(proxy.port) == 0, "the relay's socket is closed")


async def test_half_an_answer_does_not_look_whole(url: str) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{url}/inference") as answer:
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


@pytest.mark.parametrize("path", ["/v1/audio/transcriptions", "/v1/realtime"])
async def test_gateway_notices_that_the_program_has_left(path: str) -> None:
    arrived = list[web.Request]()
    left = asyncio.Event()

    async def recognise(request: web.Request) -> web.Response:
        arrived.append(request)
        await left.wait()
        return web.Response()

    async with (
        serving(web.route("*", path, recognise)) as url,
        local_api(fixed_locator(Address(url)), 0) as port,
        aiohttp.ClientSession() as http,
    ):
        place = f"http://127.0.0.1:{port}{path}"
        asking = asyncio.ensure_future(http.ws_connect(place) if path == "/v1/realtime" else http.post(place))
        await wait_until(lambda: bool(arrived), "the gateway is asked")
        asking.cancel()
        await wait_until(lambda: arrived[0].transport is None, "the relay has ended its request")
        left.set()


async def test_answer_may_take_hours(gateway: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = list[aiohttp.ClientTimeout]()
    session = aiohttp.ClientSession

    def opened(timeout: aiohttp.ClientTimeout, **given: Any) -> aiohttp.ClientSession:
        limits.append(timeout)
        return session(timeout=timeout, **given)

    monkeypatch.setattr(aiohttp, "ClientSession", opened)
    async with local_api(fixed_locator(gateway), 0):
        assert [(each.total, (each.sock_read or 0) > 12 * 3600) for each in limits] == [(None, True)]


async def test_missing_gateway_is_an_error_of_their_shape() -> None:
    def nowhere() -> Address:
        raise Unreachable("no gateway runs here")

    async with (
        local_api(nowhere, 0) as port,
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}/v1/models") as answer,
    ):
        assert (answer.status, (await answer.json())["error"]["type"]) == (503, "server_error")


async def test_taken_port_is_reported(gateway: Address) -> None:
    async with local_api(fixed_locator(gateway), 0) as port:
        with pytest.raises(PortTaken, match="--port"):
            async with local_api(fixed_locator(gateway), port):
                pass
