"""WebSocket connection: deadlines, refusals, closing."""

import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web

from client.connection import Address, GatewayConnection, connect, fixed_locator
from client.errors import Refused, TryLater, Unauthorised, Unreachable
from client.settings import open_session
from protocol.errors import CloseCode
from protocol.session import STREAM_PATH, Finish, Hello, SegmentBegin, Welcome
from tests.helpers.scripted_gateway import Answers, Memory, Script, oblige, scripted, welcome
from tests.helpers.waiting import wait_until
from tests.helpers.web_server import serving


async def connected(
    http: aiohttp.ClientSession, url: str, key: str = "k", heartbeat_s: float = 20
) -> GatewayConnection:
    return await connect(http, Address(url, key), deadline_s=5, heartbeat_s=heartbeat_s)


@asynccontextmanager
async def talking_to(script: Script) -> AsyncIterator[GatewayConnection]:
    async with scripted(script) as gateway, aiohttp.ClientSession() as http:
        connection = await connected(http, gateway.url)
        try:
            yield connection
        finally:
            await connection.close()


def test_fixed_address_never_changes() -> None:
    locate = fixed_locator(Address("http://h", "k"))
    assert locate() == locate() == Address("http://h", "k")


async def test_connection_sends_and_receives_messages() -> None:
    async with talking_to(oblige) as connection:
        await connection.send(Hello(UUID(int=1)), 1)
        assert isinstance(await connection.receive(5), Welcome)
        assert connection.close_code is None


async def test_connection_without_key_sends_no_authorization_header() -> None:
    async with scripted(oblige) as gateway, aiohttp.ClientSession() as http:
        await (await connected(http, gateway.url, key="")).close()
        assert gateway.memory.keys == [""]


async def test_receive_raises_unreachable_after_its_deadline() -> None:
    async with talking_to(oblige) as connection:
        with pytest.raises(Unreachable, match="in time"):
            await connection.receive(0.05)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed(status: int) -> None:
    """A redirect could lead to another computer, without TLS."""
    asked = list[str]()

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": f"{other}{STREAM_PATH}"})

    async with (
        serving(web.get(STREAM_PATH, elsewhere)) as other,
        serving(web.get(STREAM_PATH, redirect)) as url,
        open_session() as http,
    ):
        with pytest.raises(Refused, match=f"answers {status}"):
            await connected(http, url)
    assert asked == []


async def test_connect_raises_unreachable_when_server_stays_silent() -> None:
    with sockets.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        async with aiohttp.ClientSession() as http:
            with pytest.raises(Unreachable, match="in time"):
                await connect(http, Address(f"http://127.0.0.1:{port}"), deadline_s=0.1, heartbeat_s=20)


async def test_connection_closes_when_peer_ignores_pings() -> None:
    async def deaf(socket: web.WebSocketResponse, memory: Memory) -> None:
        socket._autoping = False
        async for _ in socket:
            pass

    async with scripted(deaf) as gateway, aiohttp.ClientSession() as http:
        connection = await connected(http, gateway.url, heartbeat_s=0.1)
        assert await connection.receive(10) is None
        assert connection.close_code == 1006
        await connection.close()


async def test_connection_reports_close_code() -> None:
    async def leave(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        await socket.close(code=CloseCode.GOING_AWAY)

    async with talking_to(leave) as connection:
        await connection.send(Hello(UUID(int=1)), 1)
        await connection.receive(5)
        assert await connection.receive(5) is None
        assert connection.close_code == CloseCode.GOING_AWAY
        await connection.close()
        with pytest.raises(Unreachable, match="send"):
            await connection.send(SegmentBegin(0), 1)


@pytest.mark.parametrize(
    ("status", "headers", "error", "asked"),
    [
        (401, {}, Unauthorised, None),
        (403, {}, Unauthorised, None),
        (404, {}, Refused, None),
        (429, {"Retry-After": "2.5"}, TryLater, 2.5),
        (503, {}, TryLater, 0.0),
        (500, {}, Unreachable, 0.0),
        (502, {}, Unreachable, 0.0),
    ],
)
async def test_http_status_before_upgrade_becomes_typed_error(
    status: int, headers: dict[str, str], error: type[Exception], asked: float | None
) -> None:
    answers: Answers = ((status, headers),)
    async with scripted(oblige, refusing=answers) as gateway, aiohttp.ClientSession() as http:
        with pytest.raises(error) as raised:
            await connected(http, gateway.url)
    assert type(raised.value) is error
    assert getattr(raised.value, "retry_after_s", None) == asked


async def test_connect_refuses_another_subprotocol() -> None:
    async def upgrade(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("something.else",))
        await socket.prepare(request)
        await socket.receive()
        return socket

    async with serving(web.get(STREAM_PATH, upgrade)) as url, aiohttp.ClientSession() as http:
        with pytest.raises(Refused, match=r"kikipounamu\.v1"):
            await connected(http, url)


async def test_connection_may_be_closed_twice() -> None:
    async with scripted(oblige) as gateway, aiohttp.ClientSession() as http:
        connection = await connected(http, gateway.url)
        await connection.close()
        await connection.close()
        await wait_until(lambda: connection.close_code == CloseCode.NORMAL, "the close code")


class BrokenSocket:
    """A WebSocket that takes nothing."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_extra_info(self, name: str) -> None: ...

    async def send_str(self, data: str) -> None:
        raise self._error

    async def send_bytes(self, data: bytes) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "said"), [(TimeoutError(), "in time"), (ConnectionResetError("closing"), "no connection")]
)
async def test_broken_connection_is_unreachable_whatever_is_sent(error: Exception, said: str) -> None:
    connection = GatewayConnection(BrokenSocket(error))  # type: ignore[arg-type] # all that it has is used
    with pytest.raises(Unreachable, match=said):
        await connection.send_audio(0, 0, b"12", 1.0)
    with pytest.raises(Unreachable, match=said):
        await connection.send(Finish(0), 1.0)
