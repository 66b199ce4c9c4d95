"""Sessions one after the other, for more segments than one session may have."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from typing import Final as Constant
from typing import TypeVar
from uuid import UUID, uuid5

import msgspec

from client.audio_store import AudioStore
from client.events import ClientEvent, Outcome
from client.gateway import GatewayClient
from protocol.session import PLAIN, SegmentDetails
from runtime.tasks import Closing

MOST_SEGMENTS: Constant = 65_536
"""Number of segments that a gateway accepts in a session."""

MakeClient = Callable[[UUID, AudioStore], GatewayClient]

Numbered = TypeVar("Numbered", bound=ClientEvent | Outcome | None)


class SessionSeries(Closing):
    """Client of a session, and of further sessions for the segments beyond its limit.

    ``make`` returns the client of a session; the next one connects when all segments of the one before have
    ended. The ids of the other sessions follow from ``session``, so that a later process resumes them.
    """

    def __init__(self, make: MakeClient, session: UUID, store: AudioStore, most: int = MOST_SEGMENTS) -> None:
        self._make, self._session, self._store, self._most = make, session, store, most
        self._clients: list[GatewayClient] = []
        self._opened: asyncio.Queue[GatewayClient | None] = asyncio.Queue()
        self._current = -1  # the client that is connected
        self._client(0)

    async def begin(self, segment: int, at_ms: int, details: SegmentDetails = PLAIN) -> None:
        """Start a segment; one of a later session first waits for all before it."""
        part, number = divmod(segment, self._most)
        client, first = self._client(part), part * self._most
        if self._current >= 0:
            await self._go_to(part)
        replaces = tuple(one - first for one in details.replaces if one >= first)
        await client.begin(number, at_ms, msgspec.structs.replace(details, replaces=replaces))

    async def audio(self, segment: int, pcm: bytes) -> None:
        """Append audio to a segment."""
        await self._of(segment).audio(segment % self._most, pcm)

    async def count_audio(self, segment: int, samples: int) -> None:
        """Count more audio of a segment, which the store has."""
        await self._of(segment).count_audio(segment % self._most, samples)

    async def speculate(self, segment: int) -> None:
        """Mark a possible end of the segment."""
        await self._of(segment).speculate(segment % self._most)

    async def end(self, segment: int) -> None:
        """Mark the segment as complete."""
        await self._of(segment).end(segment % self._most)

    async def cancel(self, segment: int) -> None:
        """Cancel the segment and forget its audio."""
        await self._of(segment).cancel(segment % self._most)

    async def finish(self) -> None:
        """Wait until the results of all sessions are stored. Raises as the client does."""
        await self._go_to(len(self._clients) - 1)
        await self._clients[-1].finish()

    async def events(self) -> AsyncIterator[ClientEvent]:
        """Yield the events of all sessions in order, with the numbers of the series."""
        first = 0
        while (client := await self._opened.get()) is not None:
            async for event in client.events():
                yield _moved(event, first)
            first += self._most

    async def __aenter__(self) -> "SessionSeries":
        self._current = 0
        await self._clients[0].__aenter__()
        return self

    async def close(self) -> None:
        """Close the connection. Unfinished sessions stay resumable. Safe to call twice."""
        self._opened.put_nowait(None)
        for client in self._clients:
            await client.close()

    def _client(self, part: int) -> GatewayClient:
        if part == len(self._clients):
            id = uuid5(self._session, f"part {part}") if part else self._session
            made = self._make(id, _PartStore(self._store, part * self._most))
            self._clients.append(made)
            self._opened.put_nowait(made)
        return self._clients[part]

    def _of(self, segment: int) -> GatewayClient:
        return self._clients[segment // self._most]

    async def _go_to(self, part: int) -> None:
        while self._current < part:
            await self._clients[self._current].finish()
            await self._clients[self._current].close()
            self._current += 1
            await self._clients[self._current].__aenter__()


class _PartStore(AudioStore):
    """The store of a session whose segment 0 is segment ``first`` of the series."""

    def __init__(self, store: AudioStore, first: int) -> None:
        self._store, self._first = store, first

    def append(self, segment: int, pcm: bytes) -> None:
        """Append audio to a segment."""
        self._store.append(self._first + segment, pcm)

    async def read(self, segment: int, offset: int, samples: int) -> bytes:
        """Return exactly these samples."""
        return await self._store.read(self._first + segment, offset, samples)

    async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> bool:
        """Record that the segment has ended."""
        return await self._store.settle(self._first + segment, _moved(outcome, self._first), samples)


def _moved(event: Numbered, by: int) -> Numbered:
    """Return an event or outcome with the segment's number in the series."""
    number = getattr(event, "segment", None)
    if not by or number is None:
        return event
    change = msgspec.structs.replace if isinstance(event, msgspec.Struct) else dataclasses.replace
    return change(event, segment=number + by)  # type: ignore[type-var]  # of each kind itself
