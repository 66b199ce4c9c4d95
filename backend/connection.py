"""What a gateway has to say to one client: bounded, in order, never waited for."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final as Constant
from typing import Protocol

from backend.ledger import MOST_SEGMENTS
from protocol.errors import CloseCode, ProtocolError
from protocol.session import Done, Error, Failed, Final, GatewayMessage, MoreHeld, Partial, Welcome, encode

_HELD: Constant = (Welcome, MoreHeld, Final, Failed, Done)
"""What the session holds in any case: it takes no more room when it waits, and all of it may be due at once."""
_MOST_HELD: Constant = 2 * MOST_SEGMENTS


class Socket(Protocol):
    """What is needed of a WebSocket. Each call waits while the peer does not read."""

    def send(self, text: str) -> Awaitable[None]:
        """Write a text message."""
        ...

    def ping(self) -> Awaitable[None]:
        """Write a ping."""
        ...

    def close(self, code: int, reason: str) -> Awaitable[None]:
        """Write a close message."""
        ...


class Connection:
    """The outgoing side of one WebSocket. ``heard`` is set by whoever reads, at any sign of life.

    ``most_bytes`` may wait beside what the session holds; a peer that takes nothing for ``stuck_s`` does not read.
    """

    def __init__(self, socket: Socket, most_bytes: int, stuck_s: float) -> None:
        self._socket = socket
        self._most = most_bytes
        self._stuck_s = stuck_s
        self._waiting: deque[tuple[GatewayMessage, str]] = deque()
        self._bytes = 0
        self._ping = False
        self._asked = False
        self._wanted = asyncio.Event()
        self._close: tuple[CloseCode, str] | None = None
        self.heard = True

    @property
    def closing(self) -> bool:
        """Whether nothing more will be sent, and nothing that comes matters."""
        return self._close is not None

    @property
    def reason(self) -> str:
        """Why this side closes it; empty: it does not."""
        return f"{self._close[1]} ({self._close[0].value})".strip() if self._close else ""

    def send(self, message: GatewayMessage) -> None:
        """Say this. Hypotheses go first when too much waits; then the connection goes."""
        if self.closing:
            return
        text = "" if isinstance(message, _HELD) else encode(message)
        if isinstance(message, Partial):
            self._drop_partials(message.segment)
        elif isinstance(message, Done):  # it is made anew each time it is asked for
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
        """Asks for a sign of life where there was none since the last call; closes where there was no answer."""
        if self.heard:
            self.heard = self._asked = False
        elif self._asked:
            self.close(CloseCode.TRY_AGAIN_LATER, "no pong")
        else:
            self._asked = self._ping = True
            self._wanted.set()

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Close after what waits."""
        if self._close is None:
            self._close = (code, reason)
            self._wanted.set()

    def refuse(self, error: ProtocolError) -> None:
        """Say what was wrong, then close."""
        self.send(Error(error.code, str(error)))
        self.close(error.close, error.code)

    def dismiss(self, error: ProtocolError) -> None:
        """As ``refuse``, but in place of all that waits, also where it was to be closed for something else."""
        last = Error(error.code, str(error))
        text = encode(last)
        self._waiting = deque([(last, text)])
        self._bytes, self._ping = len(text), False
        self._close = (error.close, error.code)
        self._wanted.set()

    async def run(self) -> bool:
        """Write what there is to say until it says goodbye. False: the peer is gone, or does not read."""
        try:
            while not (self.closing and not self._waiting):
                await self._write()
            async with asyncio.timeout(self._stuck_s):
                await self._socket.close(*self._close)  # type: ignore[misc] # closing: it is there
        except (TimeoutError, ConnectionError):
            self.close(CloseCode.TRY_AGAIN_LATER)
            return False
        return True

    async def _write(self) -> None:
        """Wait for something to say and say all of it; each message has the whole deadline."""
        await self._wanted.wait()
        self._wanted.clear()
        while self._ping or self._waiting:
            async with asyncio.timeout(self._stuck_s):
                await self._write_one()
            if self._waiting:
                await asyncio.sleep(0)  # a peer that reads fast would keep the others waiting

    async def _write_one(self) -> None:
        if self._ping:
            self._ping = False
            await self._socket.ping()
        else:
            message, text = self._waiting.popleft()
            self._bytes -= len(text)
            await self._socket.send(text or encode(message))

    def _drop_partials(self, segment: int | None) -> None:
        self._drop(lambda message: isinstance(message, Partial) and segment in (None, message.segment))

    def _drop(self, stale: Callable[[GatewayMessage], bool]) -> None:
        self._waiting = deque((message, text) for message, text in self._waiting if not stale(message))
        self._bytes = sum(len(text) for _, text in self._waiting)
