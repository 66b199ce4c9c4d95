"""``queued`` of speech waits a moment for the final; that of a file does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from uuid import uuid4

from backend.history.records import SessionOwner
from backend.sessions.late_queued import LateQueued
from backend.sessions.session import Session
from backend.sessions.session_slot import SessionSlot
from protocol.recognition import Options
from protocol.session import Final, Limits, Queued
from runtime.tasks import cancel_and_wait
from tests.backend.sessions.test_connection import FakeSocket, connection
from tests.helpers.waiting import wait_until


@asynccontextmanager
async def speaking(
    socket: FakeSocket, priority: Literal["interactive", "bulk"] = "interactive"
) -> AsyncIterator[SessionSlot]:
    """Yield a session whose connection keeps up."""
    outgoing = connection(socket)
    running = asyncio.create_task(outgoing.run())
    await asyncio.sleep(0)
    session = Session(uuid4(), Options(priority=priority), Limits())
    yield SessionSlot(session, SessionOwner("o"), outgoing)
    await cancel_and_wait({running})


async def test_queued_of_speech_is_left_out_if_its_final_comes_soon() -> None:
    socket = FakeSocket()
    async with speaking(socket) as hosted:
        late = LateQueued()
        late.send(hosted, Queued(0))
        late.send(hosted, Queued(1))
        hosted.send(Final(0, "text"))
        await wait_until(lambda: socket.said, "it writes")
        assert socket.said == [Queued(1), Final(0, "text")] and socket.writes == 1


async def test_queued_of_speech_comes_without_a_final() -> None:
    socket = FakeSocket()
    async with speaking(socket) as hosted:
        LateQueued().send(hosted, Queued(0))
        await wait_until(lambda: socket.said == [Queued(0)], "queued")


async def test_queued_of_a_file_comes_at_once() -> None:
    socket = FakeSocket()
    async with speaking(socket, "bulk") as hosted:
        LateQueued().send(hosted, Queued(0))
        for _ in range(2):
            await asyncio.sleep(0)
        assert socket.said == [Queued(0)]


async def test_queued_comes_when_a_peer_reads_again() -> None:
    socket = FakeSocket()
    socket.reads.clear()
    async with speaking(socket) as hosted:
        hosted.send(Final(0, "text"))
        await wait_until(lambda: socket.writes, "it writes")
        LateQueued().send(hosted, Queued(1))
        socket.reads.set()
        await wait_until(lambda: socket.said == [Final(0, "text"), Queued(1)], "queued")


async def test_queued_waits_for_the_connection_of_its_session() -> None:
    socket = FakeSocket()
    async with speaking(socket) as hosted:
        hosted.connection, hosted.late = None, []
        LateQueued().send(hosted, Queued(1))
        assert hosted.late == [Queued(1)]
