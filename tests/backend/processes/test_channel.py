"""Channel of messages over a socket pair."""

import socket

from backend.processes.channel import Channel
from backend.processes.messages import LENGTH, MOST_BYTES, CannotRun, GatewayEnding, ProcessReady


async def test_messages_arrive_in_order_until_the_end() -> None:
    one, other = [await Channel.over(end) for end in socket.socketpair()]
    for message in (ProcessReady(), CannotRun("x" * 200_000), GatewayEnding()):
        one.send(message)
    assert await other.receive() == ProcessReady()
    assert await other.receive() == CannotRun("x" * 200_000)
    await one.close()
    assert [message async for message in other.messages()] == [GatewayEnding()]
    other.send(ProcessReady())
    await other.close()
    await other.close()


async def test_unreadable_or_too_large_message_ends_the_channel() -> None:
    for data in (LENGTH.pack(3) + b"abc", LENGTH.pack(MOST_BYTES + 1), b"\0"):
        raw, end = socket.socketpair()
        with raw:
            channel = await Channel.over(end)
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            assert await channel.receive() is None
            await channel.close()
