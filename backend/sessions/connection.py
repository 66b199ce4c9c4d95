"""Outgoing messages of one client connection: bounded, ordered, never blocking the caller."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final as Constant
from typing import Protocol

from backend.sessions.ledger import MOST_SEGMENTS
from protocol.errors import CloseCode, GatewayFailed, ProtocolError
from protocol.session import Done, Error, Failed, Final, GatewayMessage, MoreHeld, Partial, Welcome, encode
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Signal

log = loggers.BACKEND_STREAM

_HELD: Constant = (Welcome, MoreHeld, Final, Failed, Done)
"""Messages that the session holds anyway: waiting costs no further memory, and all may be due at once."""
_MOST_HELD: Constant = 2 * MOST_SEGMENTS
_WRITE_CHARACTERS: Constant = 16 * 1024


class Socket(Protocol):
    """The WebSocket functions used here. Messages are written together by ``drain``."""

    def send(self, text: str) -> None:
        """Add a text message."""
        ...

    def ping(self) -> None:
        """Add a ping frame."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Add a close frame."""
        ...

    def drain(self) -> Awaitable[None] | None:
        """Write all; return an awaitable while the peer does not read. Raises ``ConnectionError``."""
        ...


class ClientConnection:
    """The outgoing side of one WebSocket. The reader sets ``heard`` at any sign of life.

    ``closing``: nothing more will be sent, and incoming messages no longer matter.

    ``transient``: no client can resume its session once it is gone.

    ``most_bytes`` limits waiting messages that the session does not hold anyway. A peer that accepts nothing for
    ``stuck_s`` counts as stuck.
    """

    def __init__(self, socket: Socket, most_bytes: int, stuck_s: float, *, transient: bool = False) -> None:
        self._socket = socket
        self.transient = transient
        self._most = most_bytes
        self._stuck_s = stuck_s
        self._waiting: list[tuple[GatewayMessage, str]] = []
        self._bytes = 0
        self._ping = False
        self._asked = False
        self._wanted = Signal()
        self._close: tuple[CloseCode, str] | None = None
        self.heard = True
        self.closing = False

    @property
    def reason(self) -> str:
        """Reason why this side closes the connection; empty while it does not."""
        return f"{self._close[1]} ({self._close[0].value})".strip() if self._close else ""

    def send(self, message: GatewayMessage) -> None:
        """Queue a message. When too much waits, drop partials first, then close the connection."""
        if self.closing:
            return
        text = "" if isinstance(message, _HELD) else encode(message)
        if isinstance(message, Partial):
            self._drop_partials(message.segment)
        elif isinstance(message, Done):  # made anew for each ``finish``
            self._drop(lambda waiting: isinstance(waiting, Done))
        if self._bytes + len(text) > self._most:
            self._drop_partials(None)
        if self._bytes + len(text) > self._most or len(self._waiting) >= _MOST_HELD:
            self._waiting.clear()
            self.close(CloseCode.TRY_AGAIN_LATER, "too much waits for this connection")
            return
        self._waiting.append((message, text))
        self._bytes += len(text)
        self._wanted.set()

    def check_alive(self) -> None:
        """Ping a peer that was silent since the last call; close if it ignored the last ping."""
        if self.heard:
            self.heard = self._asked = False
        elif self._asked:
            self.close(CloseCode.TRY_AGAIN_LATER, "no pong")
        else:
            self._asked = self._ping = True
            self._wanted.set()

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Close after all waiting messages are sent."""
        if self._close is None:
            self._close, self.closing = (code, reason), True
            self._wanted.set()

    def refuse(self, error: ProtocolError) -> None:
        """Send the error, then close the connection."""
        self.send(Error(error.code, str(error)))
        self.close(error.close, error.code)

    def dismiss(self, error: ProtocolError) -> None:
        """Send only this error and close; it replaces all waiting messages and an earlier close."""
        last = Error(error.code, str(error))
        text = encode(last)
        self._waiting = [(last, text)]
        self._bytes, self._ping = len(text), False
        self._close, self.closing = (error.close, error.code), True
        self._wanted.set()

    async def run(self) -> bool:
        """Send messages until the connection closes. Return false if the peer is gone or does not read.

        An unexpected error closes it too, so that the peer resumes instead of waiting for answers.
        """
        try:
            return await self._run()
        except Exception as error:  # top level of a task: see above
            log.error(LogEvent.TASK_FAILED, task="stream/writer", exc_info=error)
            self._waiting.clear()
            self._bytes, self._ping = 0, False
            self.refuse(GatewayFailed("the gateway failed; its log says why: connect again, with resume"))
            return await self._run()

    async def _run(self) -> bool:
        try:
            while not (self.closing and not self._waiting):
                await self._wanted.wait()
                self._wanted.clear()
                while self._ping or self._waiting:
                    await self._write()
            self._socket.close(*self._close)  # type: ignore[misc] # closing: ``_close`` is set
            await self._drain()
        except (TimeoutError, ConnectionError):
            self.close(CloseCode.TRY_AGAIN_LATER)
            return False
        return True

    async def _write(self) -> None:
        """Write a ping and some messages at once."""
        if self._ping:
            self._ping = False
            self._socket.ping()
        size = written = 0
        for message, held in self._waiting:
            text = held or encode(message)
            self._bytes -= len(held)
            self._socket.send(text)
            size, written = size + len(text), written + 1
            if size >= _WRITE_CHARACTERS:
                break
        del self._waiting[:written]
        await self._drain()
        if self._waiting:
            await asyncio.sleep(0)  # let other connections run while this peer reads fast

    async def _drain(self) -> None:
        if (room := self._socket.drain()) is not None:
            async with asyncio.timeout(self._stuck_s):
                await room

    def _drop_partials(self, segment: int | None) -> None:
        self._drop(lambda message: isinstance(message, Partial) and segment in (None, message.segment))

    def _drop(self, stale: Callable[[GatewayMessage], bool]) -> None:
        self._waiting = [(message, text) for message, text in self._waiting if not stale(message)]
        self._bytes = sum(len(text) for _, text in self._waiting)
