"""``GET /v1/stream``: one WebSocket, its read loop, and its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple

from aiohttp import web

from backend.admission.quotas import KeyUsage
from backend.core.errors import HelloLate
from backend.history.records import SessionOwner
from backend.http.access import AdmittedRequest
from backend.http.frames import BINARY, PING, PONG, TEXT
from backend.http.websocket import StopReading, Take, UpgradedResponse, WebSocket, upgraded
from backend.sessions.adoption import MOST_FLYING, until_room
from backend.sessions.checks import check_hello
from backend.sessions.connection import ClientConnection
from backend.sessions.hub import Hub
from backend.sessions.session_slot import SessionSlot
from protocol.audio import HEADER_BYTES
from protocol.errors import CloseCode, OutOfOrder, ProtocolError, Unauthorised
from protocol.session import SUBPROTOCOL, decode_client
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks

log = loggers.BACKEND_STREAM
segment_log = loggers.BACKEND_STORY

LAST_WORD_S: Final = 0.5
"""Time in which a revoked device can still read the reason."""
_MOST_UNREAD: Final = 4_096


class Peer(NamedTuple):
    """A connected client: its socket, its outgoing queue and its usage."""

    socket: WebSocket
    connection: ClientConnection
    usage: KeyUsage
    limited: bool


async def serve_stream(
    request: web.Request, hub: Hub, visit: AdmittedRequest, buffer: memoryview
) -> web.StreamResponse:
    """Serve version 1 of the protocol until one side leaves or the key is revoked.

    ``buffer``: see ``WebSocket``.
    """
    settings = hub.settings
    # Messages above our own limit get a typed error that names it; the parser's limit is above it.
    most = 4 * max(settings.limits.frame_bytes, settings.limits.json_bytes)
    with upgraded(request, SUBPROTOCOL, most, buffer) as socket:
        connection = ClientConnection(socket, settings.outbound_bytes, settings.stuck_s)
        with (
            hub.connected(connection),
            _sending_away(socket, connection, hub) as send_away,
            visit.stream(send_away) as usage,
        ):
            async with Tasks("stream") as tasks:
                tasks.start(_write(socket, connection, settings.goodbye_s), "writer")
                await _converse(Peer(socket, connection, usage, visit.limited), hub, visit.about)
    return UpgradedResponse()


async def _converse(peer: Peer, hub: Hub, about: SessionOwner) -> None:
    hosted: SessionSlot | None = None
    socket, connection = peer.socket, peer.connection
    try:
        hosted = await _greet(socket, connection, hub, about)
        await socket.each(_handler(peer, hub, hosted))
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


async def _greet(socket: WebSocket, connection: ClientConnection, hub: Hub, about: SessionOwner) -> SessionSlot:
    limits = hub.settings.limits
    try:
        async with asyncio.timeout(limits.hello_s):
            kind, body = await socket.receive()
            while kind in (PING, PONG):
                kind, body = await socket.receive()
    except TimeoutError as error:
        raise HelloLate(f"hello did not come within {limits.hello_s:g} s: connect again") from error
    if kind != TEXT:
        raise OutOfOrder("the first message must be hello")
    hello = check_hello(decode_client(bytes(body), limits.json_bytes))
    return await hub.bind(hello, about, connection)


def _handler(peer: Peer, hub: Hub, hosted: SessionSlot) -> Take:
    """Return the function through which every audio frame passes.

    It makes the client wait for the broker when the session has many unanswered commands.
    """
    _, connection, usage, limited = peer
    session, spans = hosted.session, hosted.session.spans

    def take(kind: int, body: bytearray) -> Awaitable[None] | None:
        connection.heard = True
        if connection.closing:
            raise StopReading
        if kind == BINARY:
            size = len(body)
            if size > HEADER_BYTES and not (spans.any and session.repeats(body)):
                usage.audio_bytes += size - HEADER_BYTES
            hub.frame(hosted, body)
        elif kind == TEXT:
            hub.receive(hosted, decode_client(bytes(body), hub.settings.limits.json_bytes))
            if limited or hosted.flying >= MOST_FLYING:
                return _pause(peer, hosted)
        return None

    return take


async def _pause(peer: Peer, hosted: SessionSlot) -> None:
    await until_room(hosted, peer.connection)
    if peer.limited and (pause_s := peer.usage.pace.pause_s(time.monotonic())):
        await asyncio.sleep(pause_s)


async def _write(socket: WebSocket, connection: ClientConnection, goodbye_s: float) -> None:
    if await connection.run():
        await asyncio.sleep(goodbye_s)  # time for the peer's close; the read loop then ends this task
    socket.abort()


@contextmanager
def _sending_away(socket: WebSocket, connection: ClientConnection, hub: Hub) -> Iterator[Callable[[], None]]:
    """Yield a function for revoked devices: it sends the reason, and resets the connection a moment later."""
    ends: list[asyncio.TimerHandle] = []
    revoked = Unauthorised("this device was revoked: pair it again")

    def send_away() -> None:
        hub.turn_away(connection, revoked)  # counts the refusal
        connection.dismiss(revoked)
        ends.append(asyncio.get_running_loop().call_later(LAST_WORD_S, socket.reset))

    try:
        yield send_away
    finally:
        for end in ends:
            end.cancel()


async def _part(socket: WebSocket, connection: ClientConnection) -> None:
    """Say goodbye, then read until the peer closes too: unread audio would turn our last message into a reset.

    Read only as much as a peer within the limits may still have in flight.
    """
    connection.close(CloseCode.NORMAL)
    unread = iter(range(_MOST_UNREAD))

    def ignore(kind: int, body: bytearray) -> None:
        if next(unread, None) is None:
            raise StopReading

    with suppress(ProtocolError):
        await socket.each(ignore)
    if not socket.left:
        await asyncio.sleep(LAST_WORD_S)
