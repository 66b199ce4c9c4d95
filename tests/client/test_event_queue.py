"""Event queue: bounded, ordered, and without loss of essential events."""

import asyncio

import pytest

from client.errors import Unreachable
from client.event_queue import EventQueue
from client.events import ClientEvent
from protocol.session import Busy, Final, Partial, Queued
from tests.helpers.waiting import wait_until


async def test_full_queue_drops_superseded_events_and_finals_wait() -> None:
    queue = EventQueue(2)
    for event in (Partial(0, 1, "a"), Final(0, "b"), Partial(1, 1, "c"), Queued(1), Busy("load")):
        await queue.put(event)
    assert queue.dropped == 3
    waiting = asyncio.create_task(queue.put(Final(1, "d")))
    seen: list[ClientEvent] = []

    async def read() -> None:
        async for event in queue.iterate():
            seen.append(event)

    reading = asyncio.create_task(read())
    await wait_until(lambda: len(seen) == 3, "the waiting event")
    await waiting
    queue.close()
    await reading
    assert seen == [Partial(0, 1, "a"), Final(0, "b"), Final(1, "d")]


async def test_queue_raises_error_after_earlier_events() -> None:
    queue = EventQueue(5)
    await queue.put(Queued(0))
    queue.close(Unreachable("gone"))
    events = queue.iterate()
    assert await anext(events) == Queued(0)
    with pytest.raises(Unreachable):
        await anext(events)
