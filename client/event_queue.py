"""Bounded queue of events from the connection to its consumer."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from client.events import ClientEvent, Connected, Disconnected
from protocol.session import Busy, Partial, Queued

_SUPERSEDED = (Connected, Disconnected, Partial, Queued, Busy)


class EventQueue:
    """Queue that, when full, drops and counts superseded events; for all other events ``put`` waits."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._events: deque[ClientEvent] = deque()
        self._ready = asyncio.Event()
        self._space = asyncio.Event()
        self._closed = False
        self._error: BaseException | None = None
        self.dropped = 0

    async def put(self, event: ClientEvent) -> None:
        """Add an event, in order."""
        while len(self._events) >= self._most:
            if isinstance(event, _SUPERSEDED):
                self.dropped += 1
                return
            self._space.clear()
            await self._space.wait()
        self._events.append(event)
        self._ready.set()

    def close(self, error: BaseException | None = None) -> None:
        """End the iteration after the queued events, raising ``error`` if given. Only the first call counts."""
        if not self._closed:
            self._closed, self._error = True, error
        self._ready.set()

    async def iterate(self) -> AsyncIterator[ClientEvent]:
        """Yield events as they arrive, until closed."""
        while True:
            while self._events:
                event = self._events.popleft()
                self._space.set()
                yield event
            if self._closed:
                break
            self._ready.clear()
            await self._ready.wait()
        if self._error is not None:
            raise self._error
