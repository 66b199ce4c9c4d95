"""Outgoing messages of a client: in order, bounded, never blocking the sender."""

import asyncio
from collections.abc import Awaitable
from typing import cast
from uuid import UUID

from backend.sessions.connection import ClientConnection
from backend.sessions.ledger import MOST_SEGMENTS
from protocol.errors import CloseCode, ErrorCode, MalformedMessage, Unauthorised
from protocol.session import (
    Done,
    Error,
    Failed,
    Final,
    GatewayMessage,
    HeldSegments,
    Partial,
    Queued,
    Welcome,
    decode_gateway,
)
from tests.helpers.waiting import wait_until


class FakeSocket:
    """Socket that accepts messages while ``reads`` is set. ``writes`` counts how often messages were written."""

    def __init__(self) -> None:
        self.sent_messages: list[GatewayMessage] = []
        self.added: list[GatewayMessage] = []
        self.writes = 0
        self.pings = 0
        self.closed: tuple[int, str] | None = None
        self.reads = asyncio.Event()
        self.reads.set()

    def send(self, text: str) -> None:
        self.added.append(decode_gateway(text))

    def ping(self) -> None:
        self.pings += 1

    def close(self, code: int, reason: str) -> None:
        if self.reads.is_set():
            self.closed = (code, reason)

    def drain(self) -> Awaitable[None] | None:
        self.writes += 1
        self.sent_messages += self.added
        self.added = []
        return None if self.reads.is_set() else self._until_it_reads()

    async def _until_it_reads(self) -> None:
        await self.reads.wait()


class SkippingLoop(asyncio.SelectorEventLoop):
    """Event loop whose clock a test can advance."""

    skipped_s = 0.0

    def time(self) -> float:
        return super().time() + self.skipped_s


class SlowSocket(FakeSocket):
    """Socket on which each write takes ``takes_s``."""

    takes_s = 1_000.0

    def drain(self) -> Awaitable[None]:
        super().drain()
        return self._slowly()

    async def _slowly(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SkippingLoop)
        loop.skipped_s += self.takes_s
        for _ in range(3):  # let due timers run
            await asyncio.sleep(0)


def connection(socket: FakeSocket, most_bytes: int = 10_000, stuck_s: float = 30.0) -> ClientConnection:
    return ClientConnection(socket, most_bytes, stuck_s)


async def test_messages_are_sent_in_order_before_close() -> None:
    socket = FakeSocket()
    outgoing = connection(socket)
    outgoing.send(Queued(0))
    outgoing.send(Final(0, "text"))
    outgoing.close(CloseCode.NORMAL, "bye")
    outgoing.send(Queued(1))
    outgoing.close(CloseCode.TAKEN_OVER, "too late")
    assert await outgoing.run()
    assert socket.sent_messages == [Queued(0), Final(0, "text")]
    assert socket.closed == (1000, "bye")


async def test_refusal_is_sent_before_close() -> None:
    socket = FakeSocket()
    outgoing = connection(socket)
    outgoing.refuse(MalformedMessage("what?"))
    assert outgoing.closing
    assert await outgoing.run()
    assert socket.sent_messages == [Error(MalformedMessage.code, "what?")]
    assert socket.closed == (CloseCode.INVALID_DATA, "malformed")


async def test_dismissal_replaces_all_waiting_messages() -> None:
    socket = FakeSocket()
    socket.reads.clear()
    outgoing = connection(socket)
    running = asyncio.create_task(outgoing.run())
    outgoing.send(Final(0, "x"))
    await wait_until(lambda: socket.writes, "it writes")
    for n in range(1, 10):
        outgoing.send(Final(n, "x"))
    outgoing.check_alive()
    outgoing.check_alive()  # a ping waits too
    outgoing.close(CloseCode.TRY_AGAIN_LATER, "busy")
    outgoing.dismiss(Unauthorised("revoked"))
    outgoing.send(Queued(0))
    socket.reads.set()
    assert await running
    assert socket.sent_messages == [Final(0, "x"), Error(ErrorCode.UNAUTHORISED, "revoked")]
    assert (socket.closed, socket.pings) == ((CloseCode.UNAUTHORISED, "unauthorised"), 0)


async def test_unexpected_error_closes_the_connection_unless_it_closes_already() -> None:
    for reason in (None, CloseCode.TAKEN_OVER):
        socket = FakeSocket()
        outgoing = connection(socket)
        outgoing.send(Final(0, cast(str, object())))  # no message has it
        if reason:
            outgoing.close(reason, "elsewhere")
        assert await outgoing.run()
        assert socket.closed is not None and socket.closed[0] == (reason or CloseCode.INTERNAL_ERROR)
        assert [type(message) for message in socket.sent_messages] == ([] if reason else [Error])


async def test_newer_partial_replaces_older_one_of_its_segment() -> None:
    socket = FakeSocket()
    outgoing = connection(socket)
    for revision in range(100):
        outgoing.send(Partial(0, revision, "x" * 1_000))
        outgoing.send(Partial(1, revision, "y" * 1_000))
    outgoing.close(CloseCode.NORMAL)
    await outgoing.run()
    assert [(m.segment, m.revision) for m in socket.sent_messages if isinstance(m, Partial)] == [(0, 99), (1, 99)]


async def test_partials_are_dropped_first_when_too_much_waits() -> None:
    socket = FakeSocket()
    outgoing = connection(socket, most_bytes=3_000)
    outgoing.send(Partial(0, 0, "x" * 2_000))
    outgoing.send(Error(ErrorCode.BUSY, "y" * 2_000))
    outgoing.close(CloseCode.NORMAL)
    await outgoing.run()
    assert socket.sent_messages == [Error(ErrorCode.BUSY, "y" * 2_000)]


async def test_connection_closes_when_too_much_waits() -> None:
    socket = FakeSocket()
    socket.reads.clear()
    outgoing = connection(socket, most_bytes=3_000)
    running = asyncio.create_task(outgoing.run())
    outgoing.send(Queued(0))
    await wait_until(lambda: socket.writes, "it writes")
    for n in range(100):
        outgoing.send(Queued(n))
    assert outgoing.closing
    socket.reads.set()
    assert await running
    assert socket.sent_messages == [Queued(0)]
    assert socket.closed is not None and socket.closed[0] == CloseCode.TRY_AGAIN_LATER


async def test_messages_held_by_session_do_not_count_as_waiting() -> None:
    socket = FakeSocket()
    outgoing = connection(socket, most_bytes=3_000)
    held: list[GatewayMessage] = [
        Welcome(UUID(int=1), "g", True, segments=HeldSegments(ended=tuple(range(10_000)))),
        *(Final(n, "x" * 500) for n in range(100)),
        Failed(100, ErrorCode.ENGINE_DIED, "y" * 4_000),
        Done(101, "z" * 50_000),
    ]
    for message in held:
        outgoing.send(message)
    outgoing.send(Queued(101))
    outgoing.close(CloseCode.NORMAL)
    assert await outgoing.run()
    assert socket.sent_messages == [*held, Queued(101)]


async def test_number_of_waiting_messages_is_limited() -> None:
    socket = FakeSocket()
    outgoing = connection(socket)
    for n in range(3):
        outgoing.send(Done(1, f"{n}"))  # every `finish` is answered with the whole text
    again = Final(0, "x")
    for _ in range(2 * MOST_SEGMENTS):  # every `segment.end` is answered with the segment's text
        outgoing.send(again)
    assert outgoing.closing
    assert await outgoing.run()
    assert socket.sent_messages == [] and socket.closed is not None


async def test_newest_done_replaces_older_ones() -> None:
    socket = FakeSocket()
    outgoing = connection(socket)
    for n in range(3):
        outgoing.send(Done(n, "all of it"))
        outgoing.send(Queued(n))
    outgoing.close(CloseCode.NORMAL)
    await outgoing.run()
    assert socket.sent_messages == [Queued(0), Queued(1), Done(2, "all of it"), Queued(2)]


async def test_messages_that_wait_together_are_written_together() -> None:
    socket = FakeSocket()
    outgoing = connection(socket, most_bytes=100_000)
    for n in range(100):
        outgoing.send(Queued(n))
    outgoing.close(CloseCode.NORMAL)
    assert await outgoing.run()
    assert len(socket.sent_messages) == 100 and socket.writes == 2, "the messages, then the close"


def test_slow_peer_has_full_deadline_per_write() -> None:
    texts = ["x" * 20_000] * 4

    async def say_all() -> list[GatewayMessage]:
        socket = SlowSocket()
        outgoing = connection(socket, stuck_s=1.5 * SlowSocket.takes_s)
        for n, text in enumerate(texts):
            outgoing.send(Final(n, text))
        outgoing.close(CloseCode.NORMAL)
        assert await outgoing.run()
        return socket.sent_messages

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        assert runner.run(say_all()) == [Final(n, text) for n, text in enumerate(texts)]


async def test_peer_that_never_reads_is_given_up() -> None:
    socket = FakeSocket()
    socket.reads.clear()
    outgoing = connection(socket, stuck_s=0.05)
    outgoing.send(Final(0, "text"))
    assert not await outgoing.run()
    assert outgoing.closing and socket.closed is None


async def test_peer_that_is_gone_ends_connection() -> None:
    class Gone(FakeSocket):
        def drain(self) -> None:
            raise ConnectionResetError

    outgoing = connection(Gone())
    outgoing.send(Failed(0, MalformedMessage.code, ""))
    assert not await outgoing.run()
    assert outgoing.closing


async def test_silent_peer_is_pinged_once_then_disconnected() -> None:
    socket = FakeSocket()
    outgoing = connection(socket)
    running = asyncio.create_task(outgoing.run())
    outgoing.check_alive()  # a new connection counts as heard
    outgoing.check_alive()
    await wait_until(lambda: socket.pings, "a ping")
    outgoing.heard = True
    for _ in range(2):
        outgoing.check_alive()
    await wait_until(lambda: socket.pings == 2, "another ping, and no close")
    outgoing.check_alive()
    assert await running
    assert socket.closed is not None and socket.closed[0] == CloseCode.TRY_AGAIN_LATER
