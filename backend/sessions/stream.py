"""``GET /v1/stream``: one WebSocket, its read loop, and its end."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Final

from aiohttp import web

from backend.core.errors import HelloLate
from backend.history.records import SessionOwner
from backend.http.access import AdmittedRequest, DeviceStream
from backend.http.frames import BINARY, PING, PONG, TEXT
from backend.http.websocket import StopReading, UpgradedResponse, WebSocket, upgrade
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
from runtime.tasks import Tasks, cancel_and_wait

log = loggers.BACKEND_STREAM
segment_log = loggers.BACKEND_STORY

LAST_WORD_S: Final = 0.5
"""Time in which a revoked device can still read the reason."""
_MOST_UNREAD: Final = 4_096


def serve_stream(
    request: web.Request, hub: Hub, visit: AdmittedRequest, buffer: memoryview, tasks: Tasks
) -> web.StreamResponse:
    """Begin to serve version 1 of the protocol, in ``tasks``, until one side leaves or the key is revoked.

    ``buffer``: see ``WebSocket``. The response ends the request, whose memory is then free.
    """
    settings = hub.settings
    # Messages above our own limit get a typed error that names it; the parser's limit is above it.
    most = 4 * max(settings.limits.frame_bytes, settings.limits.json_bytes)
    stream = _Stream(upgrade(request, SUBPROTOCOL, most, buffer), hub, visit)
    tasks.start(stream.run(tasks), "reader").add_done_callback(stream.end)
    return UpgradedResponse()


class _Stream:
    """A connected client: registered from its creation until ``end``."""

    __slots__ = (
        "_connection",
        "_device",
        "_hosted",
        "_hub",
        "_last_word",
        "_limited",
        "_socket",
        "_usage",
        "_visit",
    )

    def __init__(self, socket: WebSocket, hub: Hub, visit: AdmittedRequest) -> None:
        self._socket, self._hub = socket, hub
        self._visit, self._limited = visit, visit.limited
        self._connection = ClientConnection(socket, hub.settings.outbound_bytes, hub.settings.stuck_s)
        self._last_word: asyncio.TimerHandle | None = None
        hub.connected(self._connection)
        self._device = DeviceStream(visit, self._send_away)
        self._usage = self._device.usage

    def end(self, reader: "asyncio.Task[None]") -> None:
        """Forget the client, whose reader has ended or never began."""
        self._device.close()
        self._hub.disconnected(self._connection)
        if self._last_word is not None:
            self._last_word.cancel()

    async def run(self, tasks: Tasks) -> None:
        """Handle messages until one side leaves; the writer is another one of ``tasks``."""
        with self._socket:
            writer = tasks.start(self._write(), "writer")
            try:
                await self._converse()
            finally:
                await cancel_and_wait({writer})

    async def _write(self) -> None:
        if await self._connection.run():
            await asyncio.sleep(self._hub.settings.goodbye_s)  # time for the peer's close, which ends this task
        self._socket.abort()

    async def _converse(self) -> None:
        hub, connection, hosted = self._hub, self._connection, None
        try:
            hosted = self._hosted = await _greet(self._socket, connection, hub, self._visit.about)
            await self._socket.each(self._take)
        except ProtocolError as error:
            whose = {"session": hosted.identity} if hosted else {}
            log.info(LogEvent.MESSAGE_REFUSED, code=error.code, reason=str(error), **whose)
            hub.turn_away(connection, error)
        finally:
            if hosted is not None:
                hub.unbind(hosted, connection)
                # An empty reason: the other side closed the connection.
                segment_log.info(LogEvent.CONNECTION_CLOSED, session=hosted.identity, reason=connection.reason)
        await _part(self._socket, connection)

    def _take(self, kind: int, body: bytearray) -> Awaitable[None] | None:
        """Handle a message. Every audio frame passes through here.

        Return a wait when the session has many unanswered commands, or its key sends too many messages.
        """
        connection, hosted = self._connection, self._hosted
        connection.heard = True
        if connection.closing:
            raise StopReading
        if kind == BINARY:
            size = len(body)
            if size > HEADER_BYTES and not (hosted.session.spans.any and hosted.session.repeats(body)):
                self._usage.audio_bytes += size - HEADER_BYTES
            self._hub.frame(hosted, body)
        elif kind == TEXT:
            hub = self._hub
            hub.receive(hosted, decode_client(bytes(body), hub.settings.limits.json_bytes))
            pause_s = self._usage.pace.pause_s(time.monotonic()) if self._limited else 0.0
            if pause_s or hosted.flying >= MOST_FLYING:
                return self._pause(pause_s)
        return None

    async def _pause(self, pause_s: float) -> None:
        await until_room(self._hosted, self._connection)
        await asyncio.sleep(pause_s)

    def _send_away(self) -> None:
        """Send a revoked device the reason, and reset the connection a moment later."""
        revoked = Unauthorised("this device was revoked: pair it again")
        self._hub.turn_away(self._connection, revoked)  # counts the refusal
        self._connection.dismiss(revoked)
        self._last_word = asyncio.get_running_loop().call_later(LAST_WORD_S, self._socket.reset)


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


async def _part(socket: WebSocket, connection: ClientConnection) -> None:
    """Close, then read until the peer closes too: unread audio would turn our last message into a reset.

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
