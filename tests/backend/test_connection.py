"""What is said to a client: in order, bounded, never waited for."""

import asyncio
from uuid import UUID

from backend.connection import Connection
from backend.ledger import MOST_SEGMENTS
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
    """Takes what is written, as long as ``reads`` is set."""

    def __init__(self) -> None:
        self.said: list[GatewayMessage] = []
        self.sends = 0
        self.pings = 0
        self.closed: tuple[int, str] | None = None
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, text: str) -> None:
        self.sends += 1
        await self.reads.wait()
        self.said.append(decode_gateway(text))

    async def ping(self) -> None:
        self.pings += 1

    async def close(self, code: int, reason: str) -> None:
        await self.reads.wait()
        self.closed = (code, reason)


class SkippingLoop(asyncio.SelectorEventLoop):
    """Its clock goes on by as much as a test says."""

    skipped_s = 0.0

    def time(self) -> float:
        return super().time() + self.skipped_s


class SlowSocket(FakeSocket):
    """Each message takes its time."""

    takes_s = 1_000.0

    async def send(self, text: str) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SkippingLoop)
        loop.skipped_s += self.takes_s
        for _ in range(3):  # what is due by now has its turn
            await asyncio.sleep(0)
        await super().send(text)


def connection(socket: FakeSocket, most_bytes: int = 10_000, stuck_s: float = 30.0) -> Connection:
    return Connection(socket, most_bytes, stuck_s)


async def test_everything_is_said_in_order_before_the_close() -> None:
    socket = FakeSocket()
    outgoing = connection(socket)
    outgoing.send(Queued(0))
    outgoing.send(Final(0, "text"))
    outgoing.close(CloseCode.NORMAL, "bye")
    outgoing.send(Queued(1))
    outgoing.close(CloseCode.TAKEN_OVER, "too late")
    assert await outgoing.run()
    assert socket.said == [Queued(0), Final(0, "text")]
    assert socket.closed == (1000, "bye")


async def test_a_refusal_is_said_and_closes() -> None:
    socket = FakeSocket()
    outgoing = connection(socket)
    outgoing.refuse(MalformedMessage("what?"))
    assert outgoing.closing
    assert await outgoing.run()
    assert socket.said == [Error(MalformedMessage.code, "what?")]
    assert socket.closed == (CloseCode.INVALID_DATA, "malformed")


async def test_who_is_dismissed_is_told_so_and_nothing_of_what_waits() -> None:
    socket = FakeSocket()
    socket.reads.clear()
    outgoing = connection(socket)
    running = asyncio.create_task(outgoing.run())
    outgoing.send(Final(0, "x"))
    await wait_until(lambda: socket.sends, "it writes")
    for n in range(1, 10):
        outgoing.send(Final(n, "x"))
    outgoing.check_alive()
    outgoing.check_alive()  # a ping waits too
    outgoing.close(CloseCode.TRY_AGAIN_LATER, "busy")
    outgoing.dismiss(Unauthorised("revoked"))
    outgoing.send(Queued(0))
    socket.reads.set()
    assert await running
    assert socket.said == [Final(0, "x"), Error(ErrorCode.UNAUTHORISED, "revoked")]
    assert (socket.closed, socket.pings) == ((CloseCode.UNAUTHORISED, "unauthorised"), 0)


async def test_newer_hypotheses_replace_older_ones_of_their_segment() -> None:
    socket = FakeSocket()
    outgoing = connection(socket)
    for revision in range(100):
        outgoing.send(Partial(0, revision, "x" * 1_000))
        outgoing.send(Partial(1, revision, "y" * 1_000))
    outgoing.close(CloseCode.NORMAL)
    await outgoing.run()
    assert [(m.segment, m.revision) for m in socket.said if isinstance(m, Partial)] == [(0, 99), (1, 99)]


async def test_hypotheses_go_before_anything_that_matters() -> None:
    socket = FakeSocket()
    outgoing = connection(socket, most_bytes=3_000)
    outgoing.send(Partial(0, 0, "x" * 2_000))
    outgoing.send(Error(ErrorCode.BUSY, "y" * 2_000))
    outgoing.close(CloseCode.NORMAL)
    await outgoing.run()
    assert socket.said == [Error(ErrorCode.BUSY, "y" * 2_000)]


async def test_too_much_for_a_peer_that_does_not_read_ends_the_connection() -> None:
    socket = FakeSocket()
    socket.reads.clear()
    outgoing = connection(socket, most_bytes=3_000)
    running = asyncio.create_task(outgoing.run())
    outgoing.send(Queued(0))
    await wait_until(lambda: socket.sends, "it writes")
    for n in range(100):
        outgoing.send(Queued(n))
    assert outgoing.closing
    socket.reads.set()
    assert await running
    assert socket.said == [Queued(0)]
    assert socket.closed is not None and socket.closed[0] == CloseCode.TRY_AGAIN_LATER


async def test_what_the_session_holds_is_said_however_much_it_is() -> None:
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
    assert socket.said == [*held, Queued(101)]


async def test_even_of_that_a_peer_that_does_not_read_cannot_have_any_number_wait() -> None:
    socket = FakeSocket()
    outgoing = connection(socket)
    for n in range(3):
        outgoing.send(Done(1, f"{n}"))  # each `finish` is answered with the whole text
    again = Final(0, "x")
    for _ in range(2 * MOST_SEGMENTS):  # and each `segment.end` with that of the segment
        outgoing.send(again)
    assert outgoing.closing
    assert await outgoing.run()
    assert socket.said == [] and socket.closed is not None


async def test_of_the_whole_text_the_newest_is_said() -> None:
    socket = FakeSocket()
    outgoing = connection(socket)
    for n in range(3):
        outgoing.send(Done(n, "all of it"))
        outgoing.send(Queued(n))
    outgoing.close(CloseCode.NORMAL)
    await outgoing.run()
    assert socket.said == [Queued(0), Queued(1), Done(2, "all of it"), Queued(2)]


def test_a_peer_that_reads_slowly_has_the_whole_deadline_for_each_message() -> None:
    async def say_four() -> list[GatewayMessage]:
        socket = SlowSocket()
        outgoing = connection(socket, stuck_s=1.5 * SlowSocket.takes_s)
        for n in range(4):
            outgoing.send(Final(n, "x"))
        outgoing.close(CloseCode.NORMAL)
        assert await outgoing.run()
        return socket.said

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        assert runner.run(say_four()) == [Final(n, "x") for n in range(4)]


async def test_a_peer_that_never_reads_is_given_up() -> None:
    socket = FakeSocket()
    socket.reads.clear()
    outgoing = connection(socket, stuck_s=0.05)
    outgoing.send(Final(0, "text"))
    assert not await outgoing.run()
    assert outgoing.closing and socket.closed is None


async def test_a_peer_that_is_gone_ends_it() -> None:
    class Gone(FakeSocket):
        async def send(self, text: str) -> None:
            raise ConnectionResetError

    outgoing = connection(Gone())
    outgoing.send(Failed(0, MalformedMessage.code, ""))
    assert not await outgoing.run()
    assert outgoing.closing


async def test_silence_is_asked_about_once_and_then_ends_the_connection() -> None:
    socket = FakeSocket()
    outgoing = connection(socket)
    running = asyncio.create_task(outgoing.run())
    outgoing.check_alive()  # it was heard when it came
    outgoing.check_alive()
    await wait_until(lambda: socket.pings, "a ping")
    outgoing.heard = True
    for _ in range(2):
        outgoing.check_alive()
    await wait_until(lambda: socket.pings == 2, "another ping, and no close")
    outgoing.check_alive()
    assert await running
    assert socket.closed is not None and socket.closed[0] == CloseCode.TRY_AGAIN_LATER
