"""The network is searched only while a part of the app needs it."""

import asyncio
from collections.abc import AsyncGenerator

from app.gateways.watcher import GatewaySearch, OwnAddresses
from client.discovery import DiscoveryEvent, GatewayFound, GatewayGone
from tests.helpers.waiting import wait_until

DESK = GatewayFound("desk.x", "desk", ("https://10.0.0.1:8765",), "a" * 64, "1")
LAPTOP = GatewayFound("laptop.x", "laptop", ("https://10.0.0.2:8765",), "b" * 64, "1")


async def test_gateways_are_tracked_only_while_the_search_is_on() -> None:
    events: asyncio.Queue[DiscoveryEvent] = asyncio.Queue()
    looks: list[str] = []

    async def discover() -> AsyncGenerator[DiscoveryEvent, None]:
        looks.append("begun")
        try:
            while True:
                yield await events.get()
        finally:
            looks.append("ended")

    received: list[GatewayFound] = []
    changes: list[int] = []
    search = GatewaySearch(received.append, lambda: changes.append(1), discover)
    search.switch(on=False)
    assert looks == []
    search.switch(on=True)
    search.switch(on=True)
    for event in (DESK, LAPTOP, GatewayGone("desk.x"), GatewayGone("never.x")):
        events.put_nowait(event)
    await wait_until(lambda: len(changes) == 4, "all of it is told")
    assert (received, search.known, looks) == ([DESK, LAPTOP], (LAPTOP,), ["begun"])
    search.switch(on=False)
    assert search.known == ()
    await wait_until(lambda: looks == ["begun", "ended"], "it is over")
    search.switch(on=True)
    await wait_until(lambda: looks[-1] == "begun", "once more")
    await search.close()
    await search.close()
    assert looks[-1] == "ended"


async def test_search_begins_again_after_an_unexpected_error() -> None:
    looks: list[str] = []

    async def discover() -> AsyncGenerator[DiscoveryEvent, None]:
        looks.append("begun")
        if len(looks) == 1:
            raise RuntimeError("on purpose")
        yield DESK

    received: list[GatewayFound] = []
    search = GatewaySearch(received.append, lambda: None, discover)
    search.switch(on=True)
    await wait_until(lambda: received == [DESK], "it is found")
    await search.close()


def test_last_addresses_count_while_the_system_has_no_room() -> None:
    """Else a connection in use would end, and the gateway be asked no more."""
    answers: list[tuple[str, ...] | OSError] = [OSError("too many open files"), ("10.0.0.1",)]

    def ask() -> tuple[str, ...]:
        answer = answers.pop()
        if isinstance(answer, OSError):
            raise answer
        return answer

    own = OwnAddresses(ask)
    assert own() == own() == ("10.0.0.1",)
    assert not answers
