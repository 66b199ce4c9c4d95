"""A gateway with scripted connections: one script per connection, the last one for all that follow."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext

from aiohttp import WSMsgType, web

from client.connection import Address, Locate
from client.errors import Unreachable
from loadtest.core.checksum import checksum
from protocol.audio import decode_frame
from protocol.session import (
    STREAM_PATH,
    SUBPROTOCOL,
    Done,
    Final,
    Finish,
    GatewayMessage,
    HeldSegments,
    Hello,
    Queued,
    Received,
    SegmentBegin,
    SegmentCancel,
    SegmentEnd,
    Welcome,
    decode_client,
    encode,
)


@dataclass
class Memory:
    """The gateway's knowledge of a session, across connections."""

    audio: dict[int, bytearray] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    received: list[int] = field(default_factory=list)
    hellos: list[Hello] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)


Answers = tuple[tuple[int, dict[str, str]], ...]
Script = Callable[[web.WebSocketResponse, Memory], Awaitable[None]]


async def say(socket: web.WebSocketResponse, *messages: GatewayMessage) -> None:
    """Send messages to the client."""
    for message in messages:
        await socket.send_str(encode(message))


async def welcome(socket: web.WebSocketResponse, memory: Memory) -> None:
    """Read ``hello`` and answer with the known segments."""
    hello = decode_client(await socket.receive_str())
    assert isinstance(hello, Hello)
    memory.hellos.append(hello)
    receiving = {n: len(pcm) // 2 for n, pcm in memory.audio.items() if n not in memory.texts}
    held = HeldSegments(receiving, ended=tuple(memory.texts))
    await say(socket, Welcome(hello.session, "scripted", True, segments=held))
    await say(socket, *(Final(n, text) for n, text in memory.texts.items() if n not in memory.received))


async def oblige(
    socket: web.WebSocketResponse, memory: Memory, most: int | None = None, texts: int | None = None
) -> None:
    """Behave as a normal gateway until the client closes, or for ``most`` messages.

    ``texts``: recognise only this many segments.
    """
    await welcome(socket, memory)
    while most is None or most > 0:
        if not await hear(socket, memory, texts):
            return
        most = None if most is None else most - 1


async def afresh(socket: web.WebSocketResponse, memory: Memory) -> None:
    """Treat each connection as a new session."""
    await oblige(socket, Memory())


async def hear(socket: web.WebSocketResponse, memory: Memory, texts: int | None = None) -> bool:
    """Handle the client's next message. Return whether the connection stays open."""
    message = await socket.receive()
    if message.type is WSMsgType.BINARY:
        frame = decode_frame(message.data)
        audio = memory.audio[frame.segment]
        assert frame.offset == len(audio) // 2, "the client leaves a gap"
        audio += frame.pcm
    elif message.type is WSMsgType.TEXT:
        if texts is None or len(memory.texts) < texts or not _ends(message.data):
            await _answer(socket, memory, message.data)
    else:
        return False
    return True


def _ends(data: str) -> bool:
    return isinstance(decode_client(data), SegmentEnd)


async def _answer(socket: web.WebSocketResponse, memory: Memory, data: str) -> None:
    match decode_client(data):
        case SegmentBegin(segment):
            memory.audio.setdefault(segment, bytearray())
        case SegmentEnd(segment, samples):
            assert len(memory.audio[segment]) == samples * 2
            memory.texts[segment] = checksum(bytes(memory.audio[segment]))
            await say(socket, Queued(segment), Final(segment, memory.texts[segment]))
        case SegmentCancel(segment):
            memory.texts[segment] = ""
            memory.received.append(segment)
        case Received(segment):
            memory.received.append(segment)
        case Finish(segments):
            await say(socket, Done(segments, ""))


def keeping_back_after(texts: int) -> Script:
    """Return a script that recognises only this many segments."""

    async def script(socket: web.WebSocketResponse, memory: Memory) -> None:
        await oblige(socket, memory, texts=texts)

    return script


def breaking_after(messages: int) -> Script:
    """Return a script that behaves normally for this many messages, then cuts without a close frame."""

    async def script(socket: web.WebSocketResponse, memory: Memory) -> None:
        await oblige(socket, memory, messages)
        cut(socket)

    return script


def closing_with(code: int, after: int = 0) -> Script:
    """Return a script that behaves normally for ``after`` messages, then sends a close frame with this code."""

    async def script(socket: web.WebSocketResponse, memory: Memory) -> None:
        await oblige(socket, memory, after)
        await socket.close(code=code)

    return script


def cut(socket: web.WebSocketResponse) -> None:
    """Cut the connection without a close frame, as if a cable were pulled."""
    request: web.BaseRequest | None = socket._req
    assert request is not None
    assert request.transport is not None
    request.transport.abort()


@dataclass
class Gateway:
    """A running scripted gateway with its connections."""

    url: str
    memory: Memory
    connections: int = 0
    statuses: list[tuple[int, dict[str, str]]] = field(default_factory=list)


@asynccontextmanager
async def scripted(
    *scripts: Script, refusing: Answers = (), tls: SSLContext | None = None
) -> AsyncIterator[Gateway]:
    """Listen on a free port. ``refusing``: status and headers for the first connections."""
    gateway = Gateway("", Memory(), statuses=list(refusing))

    async def stream(request: web.Request) -> web.StreamResponse:
        gateway.memory.keys.append(request.headers.get("Authorization", ""))
        gateway.memory.queries.append(request.query_string)
        if gateway.statuses:
            status, headers = gateway.statuses.pop(0)
            return web.Response(status=status, headers=headers)
        script = scripts[min(gateway.connections, len(scripts) - 1)]
        gateway.connections += 1
        socket = web.WebSocketResponse(protocols=(SUBPROTOCOL,))
        await socket.prepare(request)
        with suppress(ConnectionError):  # the client was faster
            await script(socket, gateway.memory)
        return socket

    application = web.Application()
    application.router.add_get(STREAM_PATH, stream)
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        host, port = runner.addresses[0][:2]
        gateway.url = f"{'https' if tls else 'http'}://{host}:{port}"
        yield gateway
    finally:
        await asyncio.shield(runner.cleanup())


def later(url: list[str]) -> Locate:
    """Locate the gateway whose address is put into ``url`` later; until then there is none."""

    def locate() -> Address:
        if not url:
            raise Unreachable("nobody there yet")
        return Address(url[0])

    return locate
