"""Server side of a WebSocket, on a connection whose request aiohttp has read and the gateway has admitted.

aiohttp's own WebSockets pass each message through a queue to a task. That costs more than everything else that a
gateway does with an audio frame. Here a message is handled in the loop's iteration in which it arrives.
"""

import asyncio
import socket as sockets
import struct
import sys
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from hashlib import sha1
from typing import Final, Self

from aiohttp import hdrs, web

from backend.http.frames import CLOSE, PING, PONG, TEXT, FrameReader, Message
from protocol.errors import CloseCode, MalformedMessage, MessageTooLarge, ProtocolError
from runtime import tls
from runtime.tasks import Signal

NO_UPGRADE: Final = "this address wants the upgrade to a WebSocket of RFC 6455"
RECEIVE_BYTES: Final = 64 * 1024
_FINAL: Final = 0x80
_SHORT: Final = 126
_MEDIUM: Final = 1 << 16
_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_LINGER: Final = "HH" if sys.platform == "win32" else "ii"

_NOBODY: Final = asyncio.Protocol()
"""uvloop keeps the last protocol that is not buffered. This one replaces aiohttp's, which needs a kilobyte."""

Take = Callable[[int, bytearray], Awaitable[None] | None]
"""Handler of a message. Its result is awaited before the next message. It may raise ``StopReading``."""


class StopReading(Exception):
    """Request of a handler to get no further message."""


class BrokenFrames(ProtocolError):
    """Data that is no frame, or a frame that clients may not send."""


class WebSocket(asyncio.BufferedProtocol):
    """WebSocket of one client. Use ``upgrade``. Data is read only while a task waits in ``receive`` or ``each``.

    All connections of a loop share ``buffer`` for received data. Pings and closes are answered here. As a context
    manager it closes the connection at the end, after an error at once.
    """

    def __init__(self, transport: asyncio.Transport, most_bytes: int, buffer: memoryview) -> None:
        self._transport = transport
        self._buffer = buffer
        self._reader = FrameReader(most_bytes)
        self._messages: list[Message] = []
        self._take: Take | None = None
        self._outcome: Awaitable[None] | Exception | None = None
        self._news = Signal()
        self._out: list[bytes] = []
        self._pong: bytearray | None = None  # the latest one that a full connection has not taken yet
        self._room = Signal(is_set=True)
        self._refused = self._left = self._lost = self._closed = False
        self._farewell = int(CloseCode.NORMAL)

    @property
    def left(self) -> bool:
        """True when the client has closed or is gone."""
        return self._left or self._lost

    # -- messages of the client ----------------------------------------------------------------------------

    async def receive(self) -> Message:
        """Return the next message, of kind ``CLOSE`` when the client has left. Raises ``ProtocolError``."""
        while not self._messages and not self._more():
            if self._over():
                return CLOSE, bytearray()
            await self._wait()
        return self._messages.pop(0)

    async def each(self, take: Take) -> None:
        """Pass on all messages until the client leaves or ``take`` raises ``StopReading``.

        Raises the error of ``take``, and ``ProtocolError`` once for broken frames; later data is thrown away.
        """
        try:
            while True:
                while self._messages:
                    if (wait := take(*self._messages.pop(0))) is not None:
                        await wait
                if self._more():
                    await asyncio.sleep(0)
                elif self._over():
                    return
                else:
                    self._take = take
                    await self._wait()
                    await self._settle()
        except StopReading:  # ``suppress`` would take 180 bytes of each connection
            return

    async def _settle(self) -> None:
        """Await the handler's result, or raise its error."""
        outcome, self._outcome = self._outcome, None
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is not None:
            await outcome

    def _more(self) -> bool:
        """Parse the next part of the data received last; return whether there was one."""
        if not self._reader.more:
            return False
        self._deliver(self._reader.read())
        return True

    def _over(self) -> bool:
        """Return whether the client has left. Raises ``ProtocolError`` at its first violation."""
        failure = self._reader.failure
        if failure is not None and not (self._refused or self._left):
            self._refused = True
            if failure is CloseCode.MESSAGE_TOO_BIG:
                raise MessageTooLarge("this message is far above the limits that welcome announces")
            raise BrokenFrames("a frame breaks RFC 6455: clients have to mask them, for example")
        if self._left:  # answered after everything that came before it
            self.close(self._farewell)
            self._flush()
        return self.left

    async def _wait(self) -> None:
        """Read until the task has something to do."""
        self._news.clear()
        self._transport.resume_reading()
        try:
            await self._news.wait()
        finally:
            self._take = None
            if not self._lost:
                self._transport.pause_reading()

    # -- data ----------------------------------------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next data goes."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Handle the data that is now in the buffer."""
        take = self._take
        if take is None or (message := self._reader.read_one(self._buffer, nbytes)) is None:
            self._deliver(self._reader.read(self._buffer[:nbytes]))
            return
        kind, body = message
        try:
            outcome: Awaitable[None] | Exception | None = take(kind, body)
        except Exception as error:  # noqa: BLE001 - raised by ``each``
            outcome = error
        if outcome is not None:
            self._outcome, self._take = outcome, None
            self._news.set()

    def eof_received(self) -> None:
        """Let the transport close."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake the tasks that wait for messages or for room."""
        self._lost = True
        self._room.set()
        self._news.set()

    def _deliver(self, messages: list[Message]) -> None:
        """Pass on messages while the handler takes them; keep the others."""
        for kind, body in messages:
            if kind >= CLOSE and self._answer(kind, body):
                break
            if self._take is None:
                self._messages.append((kind, body))
                continue
            try:
                self._outcome = self._take(kind, body)
            except Exception as error:  # noqa: BLE001 - raised by ``each``
                self._outcome = error
            if self._outcome is not None:
                self._take = None
        reader = self._reader
        if self._take is None or reader.more or self._left or reader.failure is not None:
            self._news.set()

    def _answer(self, kind: int, body: bytearray) -> bool:
        """Answer a ping, or note a close; return whether the client has left."""
        if kind == PING:
            if self._room.is_set():
                self._write(_frame(PONG, body))
            else:
                self._pong = body
        elif kind == CLOSE:
            self._left, self._farewell = True, int.from_bytes(body[:2], "big") or CloseCode.NORMAL
        return self._left

    # -- messages to the client ----------------------------------------------------------------------------

    def send(self, text: str) -> None:
        """Add a text message to the next write."""
        if not self._closed:
            self._out.append(_frame(TEXT, text.encode()))

    def ping(self) -> None:
        """Add a ping to the next write."""
        if not self._closed:
            self._out.append(_frame(PING, b""))

    def close(self, code: int, reason: str = "") -> None:
        """Add a close frame to the next write, unless there was one. Data is still read."""
        if not self._closed:
            self._out.append(_frame(CLOSE, struct.pack("!H", code) + reason.encode()[:120]))
        self._closed = True

    def drain(self) -> Awaitable[None] | None:
        """Write the added messages; return an awaitable if the client does not keep up.

        Raises ``ConnectionError``, also when awaited.
        """
        self._flush()
        if self._lost:
            raise ConnectionResetError("the client is gone")
        return None if self._room.is_set() else self._until_room()

    async def _until_room(self) -> None:
        await self._room.wait()
        if self._lost:
            raise ConnectionResetError("the client is gone")

    def pause_writing(self) -> None:
        """Note that the client does not keep up."""
        self._room.clear()

    def resume_writing(self) -> None:
        """Note that the client keeps up again."""
        self._room.set()
        pong, self._pong = self._pong, None
        if pong is not None:
            self._write(_frame(PONG, pong))

    def _flush(self) -> None:
        out, self._out = self._out, []
        if out:
            self._write(b"".join(out))

    def _write(self, data: bytes) -> None:
        if not self._lost:
            self._transport.write(data)

    # -- beginning and end ---------------------------------------------------------------------------------

    def open(self, head: bytes, tail: bytes) -> None:
        """Take the connection over: answer the request with ``head``, and read what came after it."""
        self._transport.pause_reading()
        self._transport.set_protocol(_NOBODY)
        self._transport.set_protocol(self)
        self._transport.write(head)
        self._deliver(self._reader.read(tail))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._transport.close()
        else:
            self.abort()

    def abort(self) -> None:
        """Drop the connection at once."""
        tls.abort(self._transport)

    def reset(self) -> None:
        """Reset the connection at once. After ``abort`` the system would still deliver earlier data."""
        with suppress(OSError):
            linger = struct.pack(_LINGER, 1, 0)
            self._transport.get_extra_info("socket").setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, linger)
        tls.abort(self._transport)


class UpgradedResponse(web.StreamResponse):
    """Response of a handler whose connection is a WebSocket: nothing is left to be written."""

    def __init__(self) -> None:
        super().__init__()
        self.force_close()

    async def prepare(self, request: web.BaseRequest) -> None:
        """Write nothing: the WebSocket has written it."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing: the connection belongs to the WebSocket."""


def upgrade(request: web.Request, subprotocol: str, most_bytes: int, buffer: memoryview) -> WebSocket:
    """Return the request's connection as a WebSocket. aiohttp forgets the connection, so the handler may return.

    A kept request would take 10 KB. Raises ``MalformedMessage`` if it is no upgrade, or ``ConnectionError``.
    """
    if not _is_upgrade(request, subprotocol):
        raise MalformedMessage(NO_UPGRADE)
    if request.transport is None:
        raise ConnectionResetError("the client is gone")
    socket = WebSocket(request.transport, most_bytes, buffer)
    accepted = b64encode(sha1((request.headers[hdrs.SEC_WEBSOCKET_KEY] + _GUID).encode()).digest()).decode()
    head = f"HTTP/1.1 101 Switching Protocols\r\n{hdrs.UPGRADE}: websocket\r\n{hdrs.CONNECTION}: Upgrade\r\n"
    head += f"{hdrs.SEC_WEBSOCKET_ACCEPT}: {accepted}\r\n{hdrs.SEC_WEBSOCKET_PROTOCOL}: {subprotocol}\r\n\r\n"
    socket.open(head.encode(), _forgotten(request.protocol))
    return socket


def _forgotten(aiohttp: web.RequestHandler) -> bytes:
    """Let aiohttp forget a connection as if it were lost. Return the data that came after the request."""
    tail, aiohttp._message_tail = aiohttp._message_tail, b""
    aiohttp.transport = None  # else it would be closed
    aiohttp.connection_lost(None)
    return tail


def _is_upgrade(request: web.Request, subprotocol: str) -> bool:
    try:
        return bool(web.WebSocketResponse(protocols=(subprotocol,)).can_prepare(request))
    except ValueError:  # aiohttp decodes a key that is not ASCII
        return False


def _frame(kind: int, body: bytes | bytearray) -> bytes:
    """Return a whole frame of a server."""
    first, length = _FINAL | kind, len(body)
    if length < _SHORT:
        return bytes((first, length)) + body
    if length < _MEDIUM:
        return struct.pack("!BBH", first, _SHORT, length) + body
    return struct.pack("!BBQ", first, _SHORT + 1, length) + body
