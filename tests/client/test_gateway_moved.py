"""Gateway client that follows a moved gateway at once, over real sockets."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import pytest
from aiohttp import web

from client.audio_store import TemporaryAudio
from client.connection import Address, Connect, GatewayConnection, unless_moved
from client.events import Disconnected
from client.gateway import GatewayClient
from client.settings import ClientSettings, wait_forever
from loadtest.core.checksum import checksum
from protocol.session import ClientMessage, Final, GatewayMessage
from tests.client.test_gateway import AT_ONCE, client_of, expected, say_segments, speech, texts, transcribe
from tests.helpers.scripted_gateway import Memory, hear, oblige, scripted, welcome
from tests.helpers.waiting import wait_until


@asynccontextmanager
async def client_of_moves(url: str, moved: asyncio.Event) -> AsyncIterator[GatewayClient]:
    """Run a client that is notified once that its gateway has moved."""
    moved_on = False

    async def until_moved(address: Address) -> None:
        nonlocal moved_on
        await (asyncio.Event() if moved_on else moved).wait()
        moved_on = True

    async with client_of(url, replace(AT_ONCE, until_moved=until_moved)) as client:
        yield client


async def test_client_leaves_silent_gateway_at_once_when_it_moves() -> None:
    """The old address falls silent, as if no host had it any more; segments queued there are not sent again."""
    moved = asyncio.Event()
    queued: list[int] = []

    async def falls_silent(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        while len(memory.texts) < 2:
            await hear(socket, memory)
        await moved.wait()

    async with scripted(falls_silent, oblige) as gateway, client_of_moves(gateway.url, moved) as client:
        await say_segments(client, 2)
        async for event in client.events():
            if isinstance(event, Final):
                queued.append(event.segment)
            if len(queued) == 2:
                break
        await client.begin(2, 2000)
        await client.audio(2, speech(2))
        moved.set()
        await client.end(2)
        await client.finish()
        rest = [event async for event in client.events()]
    assert queued == [0, 1] and texts(rest) == [(2, checksum(speech(2)))]
    lost = [event for event in rest if isinstance(event, Disconnected)]
    assert [event.retry_in_s for event in lost] == [0.0]
    assert gateway.connections == 2


async def test_pending_connect_is_abandoned_when_gateway_moves() -> None:
    moved = asyncio.Event()
    with sockets.create_server(("127.0.0.1", 0)) as silent:
        places = iter([f"http://127.0.0.1:{silent.getsockname()[1]}"])
        async with scripted(oblige) as gateway:

            async def until_moved(address: Address) -> None:
                if address.url == gateway.url:
                    await asyncio.Event().wait()
                await moved.wait()

            settings = replace(AT_ONCE, connect_s=1e6, until_moved=until_moved)
            with TemporaryAudio() as store:

                def locate() -> Address:
                    return Address(next(places, gateway.url))

                async with GatewayClient(locate, uuid4(), store, settings=settings) as client:
                    await say_segments(client, 1)
                    moved.set()
                    await client.finish()
                    assert texts([event async for event in client.events()]) == expected(1)


async def test_client_backs_off_when_gateway_keeps_moving() -> None:
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    async def until_moved(address: Address) -> None:
        if len(paused) >= 3:
            await asyncio.Event().wait()

    settings = replace(
        AT_ONCE, retry=lambda failures, chance, asked: failures, pause=pause, until_moved=until_moved
    )
    async with scripted(oblige) as gateway, client_of(gateway.url, settings) as client:
        assert texts(await transcribe(client, 1)) == expected(1)
    assert paused == [0.0, 2, 3]


class Known(GatewayConnection):
    """Connection without a socket that records whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    async def close(self, within_s: float = 0.0) -> None:
        self.closed = True


class Slow(Known):
    """Connection that ends its wait for a message late."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = asyncio.Event()

    async def send(self, message: ClientMessage, deadline_s: float) -> None:
        pass

    async def receive(self, deadline_s: float | None) -> GatewayMessage | None:
        try:
            await asyncio.Event().wait()
        finally:
            await self.ends.wait()
        return None


async def test_connection_is_closed_although_client_is_cancelled_repeatedly() -> None:
    """A busy computer needs longer to end the tasks than the pause between two cancellations."""
    slow = Slow()

    async def connecting(address: Address, resume: bool) -> Slow:
        return slow

    @asynccontextmanager
    async def connects(settings: ClientSettings) -> AsyncIterator[Connect]:
        yield connecting

    async def speak() -> None:
        async with client_of("http://x", replace(AT_ONCE, connecting=connects)):
            await asyncio.Event().wait()

    speaking = asyncio.create_task(speak())
    for _ in range(10):
        await asyncio.sleep(0)
    for _ in range(3):
        speaking.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
    slow.ends.set()
    with pytest.raises(asyncio.CancelledError):
        await speaking
    await wait_until(lambda: slow.closed, "it is closed")


async def test_late_connection_is_closed_when_caller_gave_up() -> None:
    """The caller may give up before the connection exists, just as it appears, or after it was returned."""
    closed = set[bool]()
    for ticks in range(1, 8):
        connection = Known()

        async def connecting(connection: Known = connection) -> GatewayConnection:
            await asyncio.sleep(0)
            return connection

        moved = asyncio.create_task(wait_forever(Address("http://x")))
        trying = asyncio.create_task(unless_moved(moved, connecting()))
        for _ in range(ticks):
            await asyncio.sleep(0)
        there = trying.done()
        trying.cancel()
        (outcome,) = await asyncio.gather(trying, return_exceptions=True)
        moved.cancel()
        assert outcome is connection if there else isinstance(outcome, asyncio.CancelledError)
        assert not (there and connection.closed)
        closed.add(connection.closed)
    assert closed == {False, True}
