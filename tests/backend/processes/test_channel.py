"""Channel of messages over a socket pair."""

import asyncio
import socket

import pytest

from backend.processes.channel import Channel
from backend.processes.messages import LENGTH, MOST_BYTES, CannotRun, GatewayEnding, ProcessReady
from tests.helpers.waiting import DEADLINE_S


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


async def test_peer_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.processes.channel._MOST_WAITING", 100_000)
    end, unread = socket.socketpair()
    channel, message = await Channel.over(end), CannotRun("x" * 200_000)
    with unread:
        for _ in range(9):
            channel.send(message)
        async with asyncio.timeout(DEADLINE_S):
            assert await channel.receive() is None
