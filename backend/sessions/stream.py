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

from backend.admission.quotas import KeyUsage
from backend.history.records import SessionOwner
from backend.http.access import AdmittedRequest
from backend.http.responses import abort
from backend.sessions.adoption import until_room
from backend.sessions.checks import check_hello
from backend.sessions.connection import ClientConnection
from backend.sessions.hub import Hub
from backend.sessions.session_slot import SessionSlot
from protocol.audio import HEADER_BYTES
from protocol.errors import CloseCode, OutOfOrder, ProtocolError, Unauthorised
from protocol.session import SUBPROTOCOL, decode_client
from runtime import logger_names
from runtime.event_names import LogEvent
from runtime.tasks import Tasks

log = structlog.get_logger(logger_names.BACKEND_STREAM)
segment_log = structlog.get_logger(logger_names.BACKEND_STORY)

LAST_WORD_S: Final = 0.5
"""Time in which a revoked device can still read the reason."""
_BINARY: Final = WSMsgType.BINARY
_MESSAGES_A_TURN: Final = 32
_MOST_UNREAD: Final = 4_096
_LINGER: Final = "HH" if sys.platform == "win32" else "ii"
_LEFT: Final = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})


class _Socket:
    """Adapter of aiohttp's WebSocket. ``close`` writes only the close frame; the read loop keeps reading."""

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
    """A connected client: its socket, its outgoing queue and its usage."""

    socket: web.WebSocketResponse
    connection: ClientConnection
    usage: KeyUsage
    limited: bool


async def serve_stream(request: web.Request, hub: Hub, visit: AdmittedRequest) -> web.WebSocketResponse:
    """Serve version 1 of the protocol until one side leaves or the key is revoked."""
    settings = hub.settings
    socket = web.WebSocketResponse(
        protocols=(SUBPROTOCOL,),
        compress=False,
        autoping=False,
        autoclose=False,
        # Frames above our own limit get a typed error; this limit is the parser's.
        max_msg_size=4 * max(settings.limits.frame_bytes, settings.limits.json_bytes),
    )
    await socket.prepare(request)
    connection = ClientConnection(_Socket(socket), settings.outbound_bytes, settings.stuck_s)
    with (
        hub.connected(connection),
        _sending_away(request, connection, hub) as send_away,
        visit.stream(send_away) as usage,
    ):
        async with Tasks("stream") as tasks:
            tasks.start(_write(request, connection, settings.goodbye_s), "writer")
            await _converse(Peer(socket, connection, usage, visit.limited), hub, visit.about)
    return socket


async def _converse(peer: Peer, hub: Hub, about: SessionOwner) -> None:
    hosted: SessionSlot | None = None
    socket, connection = peer.socket, peer.connection
    try:
        hosted = await _greet(socket, connection, hub, about)
        await _read(peer, hub, hosted)
    except ProtocolError as error:
        whose = {"session": hosted.identity} if hosted else {}
        log.info(LogEvent.MESSAGE_REFUSED, code=error.code, reason=str(error), **whose)
        hub.turn_away(connection, error)
    finally:
        if hosted is not None:
            hub.unbind(hosted, connection)
            # An empty reason: the other side closed the connection.
            segment_log.info(LogEvent.CONNECTION_CLOSED, session=hosted.identity, reason=connection.reason)
    await _part(socket, connection)


async def _greet(
    socket: web.WebSocketResponse, connection: ClientConnection, hub: Hub, about: SessionOwner
) -> SessionSlot:
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


async def _read(peer: Peer, hub: Hub, hosted: SessionSlot) -> None:
    """Run the loop through which every audio frame passes.

    The loop waits for messages, and for the broker when the session has many unanswered commands. It yields
    regularly, so that a burst does not block other connections.
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
                if not hosted.session.repeats(message.data):
                    usage.audio_bytes += max(0, len(message.data) - HEADER_BYTES)
                hub.frame(hosted, message.data)
        elif message.type in _LEFT:
            return
        elif not connection.closing:
            await _other(socket, message, hub, hosted)
            await until_room(hosted, connection)
            if limited and (pause_s := usage.pace.pause_s(time.monotonic())):
                await asyncio.sleep(pause_s)


async def _other(socket: web.WebSocketResponse, message: WSMessage, hub: Hub, hosted: SessionSlot) -> None:
    if message.type is WSMsgType.TEXT:
        hub.receive(hosted, decode_client(message.data, hub.settings.limits.json_bytes))
    elif message.type is WSMsgType.PING:
        await socket.pong(message.data)


async def _write(request: web.Request, connection: ClientConnection, goodbye_s: float) -> None:
    if await connection.run():
        await asyncio.sleep(goodbye_s)  # time for the peer's close; the read loop then ends this task
    abort(request)


@contextmanager
def _sending_away(request: web.Request, connection: ClientConnection, hub: Hub) -> Iterator[Callable[[], None]]:
    """Yield a function for revoked devices: it sends the reason, and resets the connection a moment later."""
    ends: list[asyncio.TimerHandle] = []
    revoked = Unauthorised("this device was revoked: pair it again")

    def send_away() -> None:
        hub.turn_away(connection, revoked)  # counts the refusal
        connection.dismiss(revoked)
        ends.append(asyncio.get_running_loop().call_later(LAST_WORD_S, _reset, request))

    try:
        yield send_away
    finally:
        for end in ends:
            end.cancel()


def _reset(request: web.Request) -> None:
    """Reset the connection at once; otherwise the system would still deliver data written before."""
    if (transport := request.transport) is not None:
        with suppress(OSError):
            transport.get_extra_info("socket").setsockopt(
                sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack(_LINGER, 1, 0)
            )
        transport.abort()


async def _part(socket: web.WebSocketResponse, connection: ClientConnection) -> None:
    """Say goodbye, then read until the peer closes too: unread audio would turn our last message into a reset.

    Read only as much as a peer within the limits may still have in flight.
    """
    connection.close(CloseCode.NORMAL)
    with suppress(ConnectionError):
        for number in range(_MOST_UNREAD):
            if number % _MESSAGES_A_TURN == 0:
                await asyncio.sleep(0)
            if (await socket.receive()).type in _LEFT:
                return
        await asyncio.sleep(LAST_WORD_S)
