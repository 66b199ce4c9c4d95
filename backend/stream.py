"""``GET /v1/stream``: one WebSocket, its read loop, and its end."""

import asyncio
import socket as sockets
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Final, NamedTuple

import structlog
from aiohttp import WSMessage, WSMsgType, web

from backend.access import Visit
from backend.adoption import until_room
from backend.answers import abort
from backend.connection import Connection
from backend.history.records import About
from backend.hosted import Hosted
from backend.hub import Hub
from backend.quotas import Usage
from backend.session import check_hello
from backend.story import connection_gone
from protocol.audio import HEADER_BYTES
from protocol.errors import CloseCode, OutOfOrder, ProtocolError, Unauthorised
from protocol.session import SUBPROTOCOL, decode_client
from runtime import logger_names
from runtime.tasks import Tasks

log = structlog.get_logger(logger_names.BACKEND_STREAM)

LAST_WORD_S: Final = 0.5
"""For how long a revoked device may still be told that it is one."""
_BINARY: Final = WSMsgType.BINARY
_MESSAGES_A_TURN: Final = 32
_MOST_UNREAD: Final = 4_096
_LINGER: Final = "HH" if sys.platform == "win32" else "ii"
_LEFT: Final = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})


class _Socket:
    """aiohttp's WebSocket as a connection wants it: a close message leaves the reading side to the read loop."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def send(self, text: str) -> None:
        await self._socket.send_str(text)

    async def ping(self) -> None:
        await self._socket.ping()

    async def close(self, code: int, reason: str) -> None:
        body = struct.pack("!H", code) + reason.encode()[:120]
        await self._socket.send_frame(body, WSMsgType.CLOSE)


class Peer(NamedTuple):
    """Who is spoken to, and what it uses."""

    socket: web.WebSocketResponse
    connection: Connection
    usage: Usage
    limited: bool


async def serve_stream(request: web.Request, hub: Hub, visit: Visit) -> web.WebSocketResponse:
    """Speak version 1 of the protocol until one side leaves, or the key is good no more."""
    settings = hub.settings
    socket = web.WebSocketResponse(
        protocols=(SUBPROTOCOL,),
        compress=False,
        autoping=False,
        autoclose=False,
        # A frame over our own limit is told with a typed error; this is what the parser takes at all.
        max_msg_size=4 * max(settings.limits.frame_bytes, settings.limits.json_bytes),
    )
    await socket.prepare(request)
    connection = Connection(_Socket(socket), settings.outbound_bytes, settings.stuck_s)
    with (
        hub.connected(connection),
        _sending_away(request, connection, hub) as send_away,
        visit.stream(send_away) as usage,
    ):
        async with Tasks("stream") as tasks:
            tasks.start(_write(request, connection, settings.goodbye_s), "writer")
            await _converse(Peer(socket, connection, usage, visit.limited), hub, visit.about)
    return socket


async def _converse(peer: Peer, hub: Hub, about: About) -> None:
    hosted: Hosted | None = None
    socket, connection = peer.socket, peer.connection
    try:
        hosted = await _greet(socket, connection, hub, about)
        await _read(peer, hub, hosted)
    except ProtocolError as error:
        whose = {"session": hosted.identity} if hosted else {}
        log.info("refused what a client sent", code=error.code, reason=str(error), **whose)
        hub.turn_away(connection, error)
    finally:
        if hosted is not None:
            hub.unbind(hosted, connection)
            connection_gone(hosted.identity, connection.reason)
    await _part(socket, connection)


async def _greet(socket: web.WebSocketResponse, connection: Connection, hub: Hub, about: About) -> Hosted:
    limits = hub.settings.limits
    try:
        async with asyncio.timeout(limits.hello_s):
            message = await socket.receive()
            while message.type in (WSMsgType.PING, WSMsgType.PONG):
                message = await socket.receive()
    except TimeoutError as error:
        raise OutOfOrder(f"hello did not come within {limits.hello_s:g} s") from error
    if message.type is not WSMsgType.TEXT:
        raise OutOfOrder("the first message must be hello")
    hello = check_hello(decode_client(message.data, limits.json_bytes))
    return await hub.bind(hello, about, connection)


async def _read(peer: Peer, hub: Hub, hosted: Hosted) -> None:
    """The loop that every audio frame goes through. It waits for the next message, and for the broker's answers
    where the session has asked for much; what has come at once does not keep other connections waiting.
    """
    socket, connection, usage, limited = peer
    for number in count(1):
        if connection.closing:
            return
        if number % _MESSAGES_A_TURN == 0:
            await asyncio.sleep(0)
        message = await socket.receive()
        connection.heard = True
        if message.type is _BINARY:
            if not connection.closing:
                usage.audio_bytes += max(0, len(message.data) - HEADER_BYTES)
                hub.frame(hosted, message.data)
        elif message.type in _LEFT:
            return
        elif not connection.closing:
            await _other(socket, message, hub, hosted)
            await until_room(hosted, connection)
            if limited and (pause_s := usage.pace.pause_s(time.monotonic())):
                await asyncio.sleep(pause_s)


async def _other(socket: web.WebSocketResponse, message: WSMessage, hub: Hub, hosted: Hosted) -> None:
    if message.type is WSMsgType.TEXT:
        hub.receive(hosted, decode_client(message.data, hub.settings.limits.json_bytes))
    elif message.type is WSMsgType.PING:
        await socket.pong(message.data)


async def _write(request: web.Request, connection: Connection, goodbye_s: float) -> None:
    if await connection.run():
        await asyncio.sleep(goodbye_s)  # the peer's turn to say goodbye; the read loop ends this task when it has
    abort(request)


@contextmanager
def _sending_away(request: web.Request, connection: Connection, hub: Hub) -> Iterator[Callable[[], None]]:
    """What to call once the device is revoked: it is told so, and out a moment later whether it reads or not."""
    ends: list[asyncio.TimerHandle] = []
    revoked = Unauthorised("this device was revoked: pair it again")

    def send_away() -> None:
        hub.turn_away(connection, revoked)  # counts it
        connection.dismiss(revoked)
        ends.append(asyncio.get_running_loop().call_later(LAST_WORD_S, _reset, request))

    try:
        yield send_away
    finally:
        for end in ends:
            end.cancel()


def _reset(request: web.Request) -> None:
    """End it here and now: without this the system would go on handing over what was written before."""
    if (transport := request.transport) is not None:
        with suppress(OSError):
            transport.get_extra_info("socket").setsockopt(
                sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack(_LINGER, 1, 0)
            )
        transport.abort()


async def _part(socket: web.WebSocketResponse, connection: Connection) -> None:
    """Say goodbye, then read until the peer has too: unread audio would turn our last words into a reset.

    Only as much as a peer that keeps to the limits may have on its way: of one that goes on nothing more is read.
    """
    connection.close(CloseCode.NORMAL)
    with suppress(ConnectionError):
        for number in range(_MOST_UNREAD):
            if number % _MESSAGES_A_TURN == 0:
                await asyncio.sleep(0)
            if (await socket.receive()).type in _LEFT:
                return
        await asyncio.sleep(LAST_WORD_S)
