"""What is said to a client: in order, bounded, never waited for."""

import asyncio

from backend.connection import Connection
from protocol.errors import CloseCode, MalformedMessage
from protocol.session import Done, Error, Failed, Final, GatewayMessage, Partial, Queued, decode_gateway
from tests.helpers.waiting import wait_until


class FakeSocket:
    """Takes what is written, as long as ``reads`` is set."""

    def __init__(self) -> None:
        self.said: list[GatewayMessage] = []
        self.pings = 0
        self.closed: tuple[int, str] | None = None
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, text: str) -> None:
        await self.reads.wait()
        self.said.append(decode_gateway(text))

    async def ping(self) -> None:
        self.pings += 1

    async def close(self, code: int, reason: str) -> None:
        await self.reads.wait()
        self.closed = (code, reason)


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
    outgoing.send(Done(1, "y" * 2_000))
    outgoing.close(CloseCode.NORMAL)
    await outgoing.run()
    assert socket.said == [Done(1, "y" * 2_000)]


async def test_too_much_for_a_peer_that_does_not_read_ends_the_connection() -> None:
    socket = FakeSocket()
    outgoing = connection(socket, most_bytes=3_000)
    for n in range(100):
        outgoing.send(Final(n, "x" * 500))
    assert outgoing.closing
    assert await outgoing.run()
    assert socket.closed is not None and socket.closed[0] == CloseCode.TRY_AGAIN_LATER


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
