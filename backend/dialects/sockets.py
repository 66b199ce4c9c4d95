"""WebSockets of adapters: admission, a conversation, and its end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from backend.core.errors import OverQuota
from backend.dialects.sessions import DialectSessions
from backend.http.access import AdmittedRequest, admit
from backend.http.responses import abort
from protocol.errors import MalformedMessage
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import cancel_and_wait

log = loggers.BACKEND_DIALECTS

MOST_BYTES: Final = 4 * 1024 * 1024
_SEND_S: Final = 30.0
_AHEAD: Final = 2
_LARGE: Final = 64 * 1024
_TOO_LARGE: Final = f"a message may have {MOST_BYTES} bytes: send the audio in smaller pieces".encode()


class NotRead(ConnectionResetError):
    """Client that does not read, so that nothing can be sent to it, not even the end."""


class AdapterSocket(web.WebSocketResponse):
    """WebSocket of an adapter. A message of more than ``MOST_BYTES`` ends it, with the reason.

    ``close`` raises ``TimeoutError`` if the client does not read.
    """

    def __init__(self, heartbeat_s: float, protocols: Sequence[str] = ()) -> None:
        super().__init__(protocols=protocols, heartbeat=heartbeat_s, max_msg_size=MOST_BYTES)

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True) -> bool:
        """Close the connection. aiohttp also calls this when it refuses a message."""
        if code == WSCloseCode.MESSAGE_TOO_BIG:
            message = message or _TOO_LARGE
        elif code == WSCloseCode.OK and self.exception() is not None:  # reading failed: no normal end
            code = WSCloseCode.PROTOCOL_ERROR
        async with asyncio.timeout(_SEND_S):
            return await super().close(code=code, message=message, drain=drain)

    async def pong(self, message: bytes = b"") -> None:
        """Answer a ping, as aiohttp does. Raises ``NotRead``."""
        try:
            async with asyncio.timeout(_SEND_S):
                await super().pong(message)
        except TimeoutError as error:
            raise NotRead("the client does not read") from error


class AdapterConversation(Protocol):
    """Conversation of an adapter over one connection."""

    async def run(self) -> None:
        """Handle messages until the client leaves. Raises ``ConnectionError`` or ``TimeoutError``."""

    async def close(self) -> None:
        """Leave what has not ended. Safe to call twice."""


async def serve_socket(
    request: web.Request,
    sessions: DialectSessions,
    socket: web.WebSocketResponse,
    begin: Callable[[AdmittedRequest], AdapterConversation],
) -> web.WebSocketResponse:
    """Converse until the client leaves or its key is revoked. Raises ``ProtocolError`` or ``OverQuota`` before.

    A client that does not read is disconnected without the code of a normal end: it lacks texts.
    """
    visit = admit(request)
    if refusal := sessions.refusal(visit):
        raise OverQuota(refusal)
    try:
        await socket.prepare(request)
    except ValueError as error:
        raise MalformedMessage("this is no handshake of a WebSocket: its key is no base64") from error
    except web.HTTPBadRequest as error:
        message = "only WebSockets connect here: send Upgrade: websocket, Sec-WebSocket-Version: 13 and a key"
        raise MalformedMessage(message) from error
    with visit.present(lambda: abort(request)):
        conversation = begin(visit)
        try:
            await conversation.run()
            await socket.close()
        except (ConnectionError, TimeoutError):  # the client is gone, or does not read
            log.info(LogEvent.REQUEST_ABORTED, path=request.path)
            abort(request)
        finally:
            await conversation.close()
    return socket


class Incoming:
    """Messages of a client, read a little ahead. Use ``incoming``.

    Reading ahead answers the client's pings while it waits for a text: clients leave a server that does not.
    Nothing more is read while a large message waits.

    ``check``: called before each message is returned; its error is raised instead, and the message stays for
    the next call.
    """

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._queue: asyncio.Queue[WSMessage | None] = asyncio.Queue(_AHEAD)
        self._taken = asyncio.Event()
        self._held: WSMessage | None = None
        self._ended = False
        self._error: Exception | None = None
        self.check: Callable[[], None] = lambda: None

    def __aiter__(self) -> "Incoming":
        return self

    async def __anext__(self) -> WSMessage:
        message = await self.peek()
        if message is None:
            raise StopAsyncIteration
        self._held = None
        self._taken.set()
        return message

    async def peek(self) -> WSMessage | None:
        """Return the next message without taking it; ``None`` once the client has left."""
        while True:
            if self._error is not None:
                raise self._error
            self.check()
            if self._held is not None or (self._ended and self._queue.empty()):
                return self._held
            self._held = await self._queue.get()
            if self._held is None:  # from `wake`; `read` may wait until the queue is empty
                self._taken.set()

    def wake(self) -> None:
        """Make a waiting ``peek`` call ``check`` now: the client may send nothing until it hears of the error."""
        with suppress(asyncio.QueueFull):
            self._queue.put_nowait(None)

    async def read(self) -> None:
        """Read until the client leaves."""
        try:
            async for message in self._socket:
                if message.type is WSMsgType.ERROR:  # aiohttp refused the message and closed the socket
                    break
                await self._queue.put(message)
                while len(message.data) > _LARGE and not self._queue.empty():
                    self._taken.clear()
                    await self._taken.wait()
        except (NotRead, TimeoutError) as error:
            self._error = NotRead(str(error))
        except ConnectionError:
            pass  # the client left while it was answered
        self._ended = True
        await self._queue.put(None)


@asynccontextmanager
async def incoming(socket: web.WebSocketResponse) -> AsyncIterator[Incoming]:
    """Yield the messages of a client."""
    messages = Incoming(socket)
    reading = asyncio.create_task(messages.read(), name="dialect/reading")
    try:
        yield messages
    finally:
        await cancel_and_wait({reading})


async def send_text(socket: web.WebSocketResponse, text: str) -> None:
    """Send a message. Raises ``TimeoutError`` if the client does not read, ``ConnectionError`` if it is gone."""
    async with asyncio.timeout(_SEND_S):
        await socket.send_str(text)
