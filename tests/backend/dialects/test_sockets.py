"""WebSockets of adapters: refused before they open, ended with their key, and rid of clients that do not read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlsplit

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from backend.core.refusal import Refusal, RefusalReason
from backend.dialects import sockets
from backend.dialects.sessions import DialectSessions
from backend.dialects.sockets import MOST_BYTES, AdapterSocket, incoming, send_text, serve_socket
from backend.gateway import Gateway
from backend.http.access import ACCESS, AdmittedRequest
from backend.http.responses import errors_as_json
from tests.backend.conftest import KEY
from tests.helpers.waiting import wait_until
from tests.helpers.web_server import serving_app


@dataclass
class Text:
    """Message as a socket yields it."""

    data: str
    type: WSMsgType = WSMsgType.TEXT


class Echo:
    """Conversation that answers each message with itself, and breaks off when it is told to."""

    def __init__(self, socket: web.WebSocketResponse, closed: asyncio.Event) -> None:
        self._socket, self._closed = socket, closed
        self.released = asyncio.Event()

    async def run(self) -> None:
        """Answer until the client leaves."""
        async with incoming(self._socket) as messages:
            async for message in messages:
                if message.data == "break":
                    raise TimeoutError
                if message.data == "wait":
                    await self.released.wait()
                await send_text(self._socket, message.data)

    async def close(self) -> None:
        """Note that the conversation has ended."""
        self._closed.set()


@asynccontextmanager
async def echoing(sessions: DialectSessions, gateway: Gateway, closed: asyncio.Event) -> AsyncIterator[str]:
    """Serve an echo, and yield its address."""

    async def serve(request: web.Request) -> web.StreamResponse:
        socket = AdapterSocket(30.0)
        return await serve_socket(request, sessions, socket, lambda visit: Echo(socket, closed))

    app = web.Application(middlewares=[errors_as_json])
    app[ACCESS] = gateway.access
    app.add_routes([web.get("/", serve)])
    async with serving_app(app) as url:
        yield f"{url}/?api_key={KEY}"


@asynccontextmanager
async def connected(sessions: DialectSessions, gateway: Gateway) -> AsyncIterator[ClientConnection]:
    """Serve an echo, and yield a connection to it."""
    async with (
        echoing(sessions, gateway, asyncio.Event()) as url,
        connect(url.replace("http", "ws", 1).replace(" ", "%20")) as socket,
        asyncio.timeout(30),
    ):
        yield socket


async def test_conversation_is_closed_when_the_client_leaves(sessions: DialectSessions, gateway: Gateway) -> None:
    closed = asyncio.Event()
    async with echoing(sessions, gateway, closed) as url, aiohttp.ClientSession() as http:
        async with http.ws_connect(url) as socket:
            await socket.send_str("one")
            assert await socket.receive_str(timeout=30) == "one"
        await wait_until(closed.is_set, "the conversation is closed")


async def test_pings_are_answered_while_the_client_waits(sessions: DialectSessions, gateway: Gateway) -> None:
    async with connected(sessions, gateway) as socket:
        await socket.send("wait")
        await (await socket.ping())


async def test_messages_end_with_a_connection_that_breaks_while_it_is_read() -> None:
    class Breaking:
        """Socket that breaks when the second message is read."""

        def __init__(self) -> None:
            self.left = [Text("first")]

        def __aiter__(self) -> "Breaking":
            return self

        async def __anext__(self) -> Text:
            if not self.left:
                raise ConnectionResetError("Cannot write to closing transport")
            return self.left.pop()

    async with incoming(cast(Any, Breaking())) as messages, asyncio.timeout(30):
        found: list[object] = [message async for message in messages]
    assert found == [Text("first")]


async def test_reading_goes_on_if_the_conversation_is_woken_while_a_large_message_waits() -> None:
    async def two() -> AsyncIterator[Text]:
        yield Text(200_000 * "a")
        yield Text("b")

    async def turns_of_the_loop() -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async with incoming(cast(Any, two())) as messages, asyncio.timeout(10):
        await turns_of_the_loop()  # the large message is read
        messages.wake()
        assert (await anext(messages)).data[0] == "a"
        await turns_of_the_loop()  # it is answered
        assert (await anext(messages)).data == "b" and await anext(messages, None) is None


@pytest.mark.parametrize(("size", "ahead"), [(8, 4), (200_000, 2)])
async def test_fewer_large_messages_are_read_ahead(size: int, ahead: int) -> None:
    """``ahead``: messages that are read while one is answered, with that one."""
    read: list[Text] = []

    async def endless() -> AsyncIterator[Text]:
        while True:
            read.append(Text(size * "a"))
            yield read[-1]

    async with incoming(cast(Any, endless())) as messages, asyncio.timeout(30):
        for answered in range(5):
            await anext(messages)
            for _ in range(20):  # turns of the loop: the reading stops when it has read enough
                await asyncio.sleep(0)
            assert len(read) == answered + ahead


async def test_too_large_message_ends_the_connection_with_the_reason(
    sessions: DialectSessions, gateway: Gateway
) -> None:
    async with connected(sessions, gateway) as socket:
        with pytest.raises(ConnectionClosedError) as closed:
            await socket.send("a" * (MOST_BYTES + 1))
            await socket.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "smaller pieces" in closed.value.rcvd.reason) == (1009, True)


async def test_message_that_cannot_be_unpacked_is_no_normal_end(
    sessions: DialectSessions, gateway: Gateway
) -> None:
    """A client would take a normal end for that of its texts."""
    async with connected(sessions, gateway) as socket:
        socket.transport.write(b"\xc1\x83\0\0\0\0\xff\xff\xff")  # a compressed text message
        with pytest.raises(ConnectionClosedError) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == aiohttp.WSCloseCode.PROTOCOL_ERROR


async def test_client_that_does_not_read_is_let_go(sessions: DialectSessions, gateway: Gateway) -> None:
    closed = asyncio.Event()
    async with echoing(sessions, gateway, closed) as url, aiohttp.ClientSession() as http:
        async with http.ws_connect(url) as socket:
            await socket.send_str("break")
            assert (await socket.receive(timeout=30)).type is aiohttp.WSMsgType.CLOSED
        await wait_until(closed.is_set, "the conversation is closed")


SIZE = 50_000
TEXT = b"\x81\xfe" + SIZE.to_bytes(2, "big") + bytes(4) + b"a" * SIZE
PING = b"\x89\xfd" + bytes(4) + b"p" * 125
"""Frames of a client, which have a mask (RFC 6455)."""


@pytest.mark.parametrize("frames", [TEXT, PING * 400], ids=["texts", "pings"])
async def test_connection_that_is_never_read_ends(
    sessions: DialectSessions, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, frames: bytes
) -> None:
    """A connection that waits until everything sent is read would stay for ever."""
    monkeypatch.setattr(sockets, "_SEND_S", 0.1)
    async with echoing(sessions, gateway, asyncio.Event()) as url:
        place, asked = urlsplit(url), quote(KEY)
        _, writer = await asyncio.open_connection(place.hostname, place.port, limit=1)  # it reads little
        upgrade = "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        writer.write(f"GET /?api_key={asked} HTTP/1.1\r\n{upgrade}\r\n{key}\r\n\r\n".encode())
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(30):
                while True:
                    writer.write(frames)
                    await writer.drain()
        writer.close()


async def test_handshake_with_an_impossible_key_is_refused(sessions: DialectSessions, gateway: Gateway) -> None:
    async with echoing(sessions, gateway, asyncio.Event()) as url:
        place, asked = urlsplit(url), quote(KEY)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        upgrade = "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
        writer.write(f"GET /?api_key={asked} HTTP/1.1\r\n{upgrade}\r\n".encode())
        writer.write(b"Sec-WebSocket-Key: \xff\r\n\r\n")
        async with asyncio.timeout(30):
            assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
        writer.close()


async def test_refused_client_gets_no_socket(sessions: DialectSessions, gateway: Gateway) -> None:
    def refuse(visit: AdmittedRequest) -> Refusal | None:
        return Refusal(429, RefusalReason.KEY_STREAMS, "one stream at a time", 1.0)

    refusing = DialectSessions(sessions.hub, refuse)
    async with echoing(refusing, gateway, asyncio.Event()) as url, aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await http.ws_connect(url)
        assert caught.value.status == 429
