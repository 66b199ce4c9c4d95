"""Raw WebSockets: frames of any kind, certificates, and answers that are no upgrade."""

import asyncio
import struct
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web

from backend.http.certificates import own_certificate, server_context
from client.connection import Address
from client.errors import Refused, Unreachable, WrongCertificate
from loadtest.core.raw_socket import (
    BINARY,
    CLOSE,
    TEXT,
    NotUpgraded,
    RawSocket,
    ReceivedFrame,
    frame,
    handshake,
)
from protocol.session import STREAM_PATH
from tests.helpers.web_server import serving


async def echo(request: web.Request) -> web.WebSocketResponse:
    """Send every message back."""
    socket = web.WebSocketResponse(protocols=request.headers["Sec-WebSocket-Protocol"].split(","), max_msg_size=0)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        else:
            await socket.send_bytes(message.data)
    return socket


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
async def test_frames_of_every_length_come_back(size: int) -> None:
    async with asyncio.timeout(20), serving(web.get(STREAM_PATH, echo)) as url:
        socket = await RawSocket.open(Address(url, "k"))
        try:
            await socket.upgrade(handshake(Address(url, "k")))
            await socket.send(frame(BINARY, bytes(size)) + frame(TEXT, b"a"))
            assert await socket.receive() == ReceivedFrame(BINARY, bytes(size))
            assert await socket.receive() == ReceivedFrame(TEXT, b"a")
            await socket.send(frame(CLOSE, struct.pack("!H", 1000)))
            assert await socket.receive() == ReceivedFrame(CLOSE, struct.pack("!H", 1000))
            assert await socket.receive() is None
        finally:
            await socket.close()


async def test_refused_handshake_has_its_status() -> None:
    async with serving() as url:
        socket = await RawSocket.open(Address(url))
        with pytest.raises(NotUpgraded, match="404"):
            await socket.upgrade(handshake(Address(url), "/nowhere"))
        socket.abort()
        await socket.close()


async def test_rest_of_an_answer_is_bounded() -> None:
    async def say(request: web.Request) -> web.Response:
        return web.Response(body=bytes(1_000))

    async with serving(web.get("/x", say)) as url:
        socket = await RawSocket.open(Address(url))
        await socket.send(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert await socket.status() == 200
        assert len(await socket.rest(300)) == 300
        await socket.close()


async def test_connection_that_ends_without_an_answer_has_no_status() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        socket = await RawSocket.open(Address(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
        assert await socket.status() == 0
        await socket.close()


async def test_certificate_is_checked_before_anything_is_sent(tmp_path: Path) -> None:
    certificate = own_certificate(tmp_path)
    async with serving(tls=server_context(certificate)) as url:
        right = await RawSocket.open(Address(url, certificate_sha256=certificate.sha256))
        await right.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert await right.status() == 404
        await right.close()
        with pytest.raises(WrongCertificate):
            await RawSocket.open(Address(url, certificate_sha256="ab" * 32))
        with pytest.raises(Unreachable):
            await RawSocket.open(Address(url))


async def test_unreachable_and_unencrypted_places_are_refused() -> None:
    with pytest.raises(Unreachable):
        await RawSocket.open(Address("http://127.0.0.1:9"))
    with pytest.raises(Refused):
        await RawSocket.open(Address("http://gateway.example"))
