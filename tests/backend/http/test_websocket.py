"""WebSockets over real sockets: what hostile and slow clients send, and what they get."""

import asyncio
import base64
import gc
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

import pytest
from aiohttp import web

from backend.gateway import Gateway
from backend.http.frames import BINARY, CLOSE, PING, PONG, TEXT
from backend.http.runner import JsonRunner
from backend.http.websocket import RECEIVE_BYTES, BrokenFrames, StopReading, UpgradedResponse, WebSocket, upgrade
from protocol.audio import encode_frame
from protocol.errors import CloseCode, ProtocolError
from protocol.session import STREAM_PATH, SUBPROTOCOL, Hello, SegmentBegin, Welcome, decode_gateway, encode
from tests.backend.conftest import KEY
from tests.backend.http.test_frames import CONTINUATION, FINAL, frame
from tests.helpers.logs import capture_logs
from tests.helpers.waiting import DEADLINE_S, wait_until

MOST = 4_096
KEY_OF_HANDSHAKE = base64.b64encode(bytes(16)).decode()


def upgrade_request(path: str = "/", *more: str) -> bytes:
    """Return the request for an upgrade."""
    lines = [f"GET {path} HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", *more]
    lines += [f"Sec-WebSocket-Key: {KEY_OF_HANDSHAKE}", "Sec-WebSocket-Version: 13"]
    return "\r\n".join([*lines, f"Sec-WebSocket-Protocol: {SUBPROTOCOL}", "", ""]).encode()


class Client:
    """Raw client: sends bytes, reads frames of a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, *data: bytes) -> None:
        self.writer.write(b"".join(data))

    async def head(self) -> bytes:
        async with asyncio.timeout(DEADLINE_S):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def next_frame(self) -> tuple[int, bytes]:
        """Return the next frame."""
        async with asyncio.timeout(DEADLINE_S):
            first, size = await self.reader.readexactly(2)
            if size > 125:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            assert first & FINAL, "servers do not split messages"
            return first & 0x0F, await self.reader.readexactly(size)

    async def until_closed(self) -> int:
        """Return the close code of the server."""
        while True:
            kind, body = await self.next_frame()
            if kind == CLOSE:
                return int.from_bytes(body[:2], "big")


@asynccontextmanager
async def connection(host: str, port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


class RecordingServer:
    """Server whose handler records every message, and answers texts. ``gate`` holds it back."""

    def __init__(self) -> None:
        self.received: list[tuple[int, bytes]] = []
        self.error: ProtocolError | None = None
        self.socket: WebSocket | None = None
        self.done = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.most = 10_000
        self._buffer = memoryview(bytearray(RECEIVE_BYTES))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        with upgrade(request, SUBPROTOCOL, MOST, self._buffer) as self.socket:
            try:
                await self.socket.each(self._take)
            except ProtocolError as error:
                self.error = error
                self.socket.close(error.close)
                self.socket.drain()
                await self.socket.each(lambda kind, body: None)
        self.done.set()
        return UpgradedResponse()

    def _take(self, kind: int, body: bytearray) -> "asyncio.Future[None] | None":
        if len(self.received) >= self.most:
            raise StopReading
        self.received.append((kind, bytes(body)))
        if kind == TEXT:
            assert self.socket is not None
            self.socket.send(body.decode())
            self.socket.drain()
            return asyncio.ensure_future(self._wait())
        return None

    async def _wait(self) -> None:
        await self.gate.wait()


@pytest.fixture
async def server() -> RecordingServer:
    return RecordingServer()


@pytest.fixture
async def client(server: RecordingServer) -> AsyncIterator[Client]:
    """A client of ``server`` that was upgraded."""
    app = web.Application()
    app.router.add_get("/", server.serve)
    runner = JsonRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with connection(*runner.addresses[0][:2]) as client:
            yield client
    finally:
        await runner.cleanup()


async def open_websocket(client: Client, *behind: bytes) -> None:
    client.say(upgrade_request(), *behind)
    head = await client.head()
    assert head.startswith(b"HTTP/1.1 101 ") and b"Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n" in head


async def test_connection_has_no_timer_of_http(client: Client) -> None:
    """uvloop never frees up to 250 of them, and those of a peak would keep blocks of memory."""
    await open_websocket(client)
    handles = [known for known in gc.get_objects() if isinstance(known, asyncio.TimerHandle)]
    assert [handle for handle in handles if "RequestHandler" in repr(handle) or "_Handler" in repr(handle)] == []


async def test_data_behind_request_is_read(server: RecordingServer, client: Client) -> None:
    await open_websocket(client, frame(FINAL | TEXT, b"early"), frame(FINAL | BINARY, b"half")[:5])
    assert await client.next_frame() == (TEXT, b"early")
    client.say(frame(FINAL | BINARY, b"half")[5:])
    await wait_until(lambda: len(server.received) == 2, "the rest is read")
    assert server.received == [(TEXT, b"early"), (BINARY, b"half")]


async def test_request_may_come_byte_by_byte(server: RecordingServer, client: Client) -> None:
    for byte in upgrade_request() + frame(FINAL | TEXT, b"slow"):
        client.say(bytes([byte]))
        await client.writer.drain()
        await asyncio.sleep(0)
    assert (await client.head()).startswith(b"HTTP/1.1 101 ")
    assert await client.next_frame() == (TEXT, b"slow")


async def test_ping_is_answered_inside_a_message_in_fragments(server: RecordingServer, client: Client) -> None:
    await open_websocket(
        client, frame(TEXT, b"to"), frame(FINAL | PING, b"?"), frame(FINAL | CONTINUATION, b"gether")
    )
    assert [await client.next_frame() for _ in range(2)] == [(PONG, b"?"), (TEXT, b"together")]


async def test_messages_wait_for_the_handlers_result(server: RecordingServer, client: Client) -> None:
    server.gate.clear()
    await open_websocket(client, frame(FINAL | TEXT, b"wait"), *[frame(FINAL | BINARY, b"x")] * 100)
    assert await client.next_frame() == (TEXT, b"wait")
    assert len(server.received) == 1
    server.gate.set()
    await wait_until(lambda: len(server.received) == 101, "the others come")


async def test_close_is_echoed_and_later_data_ignored(server: RecordingServer, client: Client) -> None:
    await open_websocket(
        client, frame(TEXT, b"unfin"), frame(FINAL | CLOSE, b"\x0f\xa0bye"), frame(FINAL | BINARY, b"x")
    )
    assert await client.until_closed() == 4000
    assert await client.reader.read() == b""
    await server.done.wait()
    assert server.received == [] and server.error is None


async def test_close_is_echoed_after_earlier_messages(server: RecordingServer, client: Client) -> None:
    server.gate.clear()
    rest = [frame(FINAL | BINARY, b"x")] * 10
    await open_websocket(
        client, frame(FINAL | TEXT, b"wait"), *rest, frame(FINAL | CLOSE, b"\x0f\xa0"), frame(FINAL | PING, b"")
    )
    assert await client.next_frame() == (TEXT, b"wait")
    closing = asyncio.create_task(client.until_closed())
    await asyncio.sleep(0)
    assert len(server.received) == 1 and not closing.done()
    server.gate.set()
    assert await closing == 4000
    assert len(server.received) == 11


async def test_client_that_leaves_inside_a_frame_ends_the_handler(server: RecordingServer, client: Client) -> None:
    await open_websocket(client, frame(FINAL | BINARY, bytes(300))[:100])
    client.writer.transport.abort()
    await server.done.wait()
    assert server.received == [] and server.socket is not None and server.socket.left


async def test_handler_that_stops_reading_gets_no_more_messages(server: RecordingServer, client: Client) -> None:
    server.most = 3
    await open_websocket(client, *[frame(FINAL | BINARY, b"x")] * 50)
    await server.done.wait()
    assert len(server.received) == 3


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(FINAL | PING, bytes(126)), CloseCode.PROTOCOL_ERROR),
        (b"\x81\x02hi", CloseCode.PROTOCOL_ERROR),
        (frame(FINAL | BINARY, b"", length=2**62), CloseCode.MESSAGE_TOO_BIG),
        (frame(FINAL | BINARY, bytes(MOST + 1)), CloseCode.MESSAGE_TOO_BIG),
    ],
)
async def test_violation_closes_and_close_arrives_through_a_flood(
    server: RecordingServer, client: Client, data: bytes, code: CloseCode
) -> None:
    await open_websocket(client, data)
    flood = asyncio.create_task(_flood(client))
    assert await client.until_closed() == code
    flood.cancel()
    await asyncio.gather(flood, return_exceptions=True)
    client.writer.transport.abort()
    await server.done.wait()
    assert isinstance(server.error, BrokenFrames) == (code is CloseCode.PROTOCOL_ERROR)


async def _flood(client: Client) -> None:
    while True:
        client.say(frame(FINAL | BINARY, bytes(3_208)) * 20)
        await client.writer.drain()


async def test_pings_of_a_client_that_does_not_read_are_not_stored(
    server: RecordingServer, client: Client
) -> None:
    server.most = 1_000_000
    await open_websocket(client)
    client.writer.transport.pause_reading()  # type: ignore[attr-defined] # a transport that also reads
    assert server.socket is not None
    transport = server.socket._transport
    for _ in range(400):
        client.say(frame(FINAL | PING, bytes(125)) * 200)
        await client.writer.drain()
        if not server.socket._room.is_set():
            break
    count = len(server.received)
    client.say(frame(FINAL | PING, b"last"))
    await wait_until(lambda: len(server.received) > count, "it is read")
    assert transport.get_write_buffer_size() < 2 * RECEIVE_BYTES
    client.writer.transport.resume_reading()  # type: ignore[attr-defined] # a transport that also reads
    while (await client.next_frame())[1] != b"last":
        pass


# -- at a gateway ---------------------------------------------------------------------------------------------


async def send_raw(gateway: Gateway, data: bytes, sizes: Sequence[int] = ()) -> Client:
    """Return a client that has sent raw data in pieces behind its upgrade."""
    port = int(gateway.url.rpartition(":")[2])
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    whole, at = upgrade_request(STREAM_PATH, f"Authorization: Bearer {KEY}") + data, 0
    for size in [*sizes, len(whole)]:
        client.say(whole[at : at + size])
        await client.writer.drain()
        at += size
    assert (await client.head()).startswith(b"HTTP/1.1 101 ")
    return client


async def test_gateway_reads_a_session_split_at_any_byte(gateway: Gateway) -> None:
    source = random.Random(7)
    for samples_before in range(0, 5 * 16_000, 16_000):
        hello, pcm = Hello(uuid4()), source.randbytes(32_000)
        data = frame(FINAL | TEXT, encode(hello).encode()) + frame(FINAL | TEXT, encode(SegmentBegin(0)).encode())
        for at in range(0, len(pcm), 3_200):
            body = encode_frame(0, at // 2, pcm[at : at + 3_200])
            cut = source.randrange(len(body))
            data += frame(BINARY, body[:cut]) + frame(FINAL | PING, b"") + frame(FINAL | CONTINUATION, body[cut:])
        client = await send_raw(gateway, data, [source.randrange(1, 4_000) for _ in range(20)])
        while (answer := await client.next_frame())[0] == PONG:
            continue
        assert isinstance(decode_gateway(answer[1]), Welcome)
        hosted = gateway.hub.hosted[str(hello.session)]
        await wait_until(partial(_holds, gateway, samples_before + 16_000), "all audio is there")
        assert hosted.session.live[0].beginning(16_000) == pcm
        client.writer.close()


def _holds(gateway: Gateway, samples: int) -> bool:
    return sum(gateway.hub.held) == samples


async def test_gateway_survives_random_bytes_after_the_upgrade(gateway: Gateway) -> None:
    source = random.Random(11)
    for _ in range(50):
        client = await send_raw(gateway, source.randbytes(source.randrange(1, 400)))
        client.writer.write_eof()
        async with asyncio.timeout(DEADLINE_S):
            await client.reader.read()
        client.writer.close()
    await wait_until(lambda: not gateway.hub.connections, "all are gone")


async def test_stream_keeps_no_objects_of_aiohttp(gateway: Gateway) -> None:
    """A request and its connection would take 10 KB of each stream, spread over blocks that stay after a peak."""
    before = of_aiohttp()
    client = await send_raw(gateway, frame(FINAL | TEXT, encode(Hello(uuid4())).encode()))
    assert isinstance(decode_gateway((await client.next_frame())[1]), Welcome)
    assert [one for one in of_aiohttp() if not any(one is known for known in before)] == []
    client.writer.close()
    await wait_until(lambda: not gateway.hub.connections, "the stream ends without aiohttp")


def of_aiohttp() -> list[object]:
    gc.collect()
    return [one for one in gc.get_objects() if isinstance(one, web.BaseRequest | web.RequestHandler)]


async def test_requests_after_a_refused_upgrade_are_answered(gateway: Gateway) -> None:
    port = int(gateway.url.rpartition(":")[2])
    async with connection("127.0.0.1", port) as client:
        client.say(upgrade_request(STREAM_PATH), b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(DEADLINE_S):
            answers = await client.reader.read()
    assert answers.startswith(b"HTTP/1.1 401 ") and b"HTTP/1.1 200 OK" in answers


async def test_key_that_is_not_ascii_is_a_client_error(gateway: Gateway) -> None:
    port = int(gateway.url.rpartition(":")[2])
    request = upgrade_request(STREAM_PATH, f"Authorization: Bearer {KEY}").replace(
        KEY_OF_HANDSHAKE.encode(), b"\xff"
    )
    async with connection("127.0.0.1", port) as client:
        with capture_logs() as logged:
            client.say(request)
            assert (await client.head()).startswith(b"HTTP/1.1 400 ")
    assert {line["log_level"] for line in logged} <= {"info"}, "no traceback"
