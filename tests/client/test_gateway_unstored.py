"""A result that cannot be stored, while the connection that brought it breaks."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import pytest

from client.audio_store import TemporaryAudio
from client.connection import Address, Connect, Connection, fixed_locator
from client.errors import AudioGone, GatewayError, Unreachable
from client.events import Outcome
from client.gateway import GatewayClient
from client.settings import ClientSettings
from protocol.session import (
    ClientMessage,
    Done,
    Final,
    Finish,
    GatewayMessage,
    HeldSegments,
    Hello,
    Queued,
    SegmentBegin,
    SegmentEnd,
    Welcome,
)
from tests.client.test_gateway import AT_ONCE, speech
from tests.helpers.waiting import wait_until

TEXT = Final(0, "the text")


class StuckStore(TemporaryAudio):
    """A store whose disk refuses the result of segment 0 after a delay."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.refuses = asyncio.Event(), asyncio.Event()

    async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> bool:
        if segment:
            return await super().settle(segment, outcome, samples)
        self.asked.set()
        await self.refuses.wait()
        raise AudioGone("the disk is full")


class FakeConnection(Connection):
    """A connection to a gateway that has the result of segment 0, and breaks at the beginning of segment 1."""

    close_code = None

    def __init__(self, held: HeldSegments, broken: asyncio.Event) -> None:
        self._held, self._broken = held, broken
        self._said = deque[GatewayMessage]()
        self._news = asyncio.Event()
        self._closed = False

    async def send(self, message: ClientMessage, deadline_s: float) -> None:
        match message:
            case Hello(session):
                owed = [TEXT] if self._held.ended else []
                self._say(Welcome(session, "fake", True, segments=self._held), *owed)
            case SegmentEnd(0):
                self._say(Queued(0), TEXT)
            case SegmentBegin(1) if not self._held.ended:
                self._broken.set()
                raise Unreachable("the connection broke")
            case SegmentEnd(1):
                self._say(Queued(1), Final(1, "the next"))
            case Finish(segments):
                self._say(Done(segments, ""))

    async def send_audio(self, segment: int, offset: int, pcm: bytes, deadline_s: float) -> None: ...

    async def receive(self, deadline_s: float | None) -> GatewayMessage | None:
        while not self._said and not self._closed:
            self._news.clear()
            await self._news.wait()
        return self._said.popleft() if self._said else None

    async def close(self, within_s: float = 0.0) -> None:
        self._closed = True
        self._news.set()

    def _say(self, *messages: GatewayMessage) -> None:
        self._said += messages
        self._news.set()


async def test_result_that_cannot_be_stored_ends_the_session_although_its_connection_broke_before() -> None:
    """The session counts the segment as ended: no later connection could bring its text."""
    broken, connections = asyncio.Event(), list[FakeConnection]()

    async def open_connection(address: Address, resume: bool) -> Connection:
        connections.append(FakeConnection(HeldSegments(ended=(0,)) if connections else HeldSegments(), broken))
        return connections[-1]

    @asynccontextmanager
    async def connecting(settings: ClientSettings) -> AsyncIterator[Connect]:
        yield open_connection

    here, settings = fixed_locator(Address("http://x")), replace(AT_ONCE, connecting=connecting)
    with StuckStore() as store:
        async with GatewayClient(here, uuid4(), store, settings=settings) as client:
            await client.begin(0, 0)
            await client.audio(0, speech(0))
            await client.end(0)
            await store.asked.wait()
            await client.begin(1, 1_000)
            await broken.wait()
            await wait_until(lambda: connections[0]._closed, "the client gives this connection up")
            store.refuses.set()
            await client.end(1)
            with pytest.raises(GatewayError, match="the disk is full"):
                await client.finish()
    assert len(connections) == 1
