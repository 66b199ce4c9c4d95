"""Announcement and discovery over real multicast on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from uuid import uuid4

import pytest

from backend.devices.announcement import Announced, announcing
from client.discovery import DiscoveryEvent, GatewayFound, GatewayGone, discover
from protocol.discovery import SERVICE, Announcement
from tests.helpers.waiting import wait_until

LOOPBACK = ("127.0.0.1",)


def announced(name: str) -> Announced:
    return Announced(name, 8765, Announcement(uuid4().hex * 2, "1.2"))


@asynccontextmanager
async def heard() -> AsyncIterator[list[DiscoveryEvent]]:
    """Collect discovery events during the context."""
    events: list[DiscoveryEvent] = []

    async def listen() -> None:
        async with aclosing(discover(lambda: LOOPBACK, look_s=0.1)) as found:
            async for event in found:
                events.append(event)

    listening = asyncio.create_task(listen())
    try:
        yield events
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def about(events: list[DiscoveryEvent], one: Announced) -> list[GatewayFound]:
    """Return the events about one gateway."""
    found = (event for event in events if isinstance(event, GatewayFound))
    return [event for event in found if event.certificate_sha256 == one.said.certificate_sha256]


async def test_gateways_of_any_name_are_found_while_announced() -> None:
    names = ["Anna's desk", "a" * 200, "书房" * 30, "dots.and\\slashes", ""]
    there = [announced(f"{name}{uuid4().hex[:6]}" if name == "Anna's desk" else name) for name in names]
    async with heard() as events:
        async with AsyncExitStack() as stack:
            for one in there:
                await stack.enter_async_context(announcing(one, lambda: LOOPBACK))
            await wait_until(lambda: all(about(events, one) for one in there), "all are found")
        first = about(events, there[0])[0]
        assert first == GatewayFound(
            f"{there[0].name}.{SERVICE}",
            there[0].name,
            ("https://127.0.0.1:8765",),
            there[0].said.certificate_sha256,
            "1.2",
        )
        await wait_until(lambda: GatewayGone(first.service) in events, "it is gone")


async def test_changed_addresses_are_announced() -> None:
    there, at = announced(f"roams {uuid4().hex[:6]}"), [LOOPBACK, ("127.0.0.1", "127.0.0.2"), ()]
    async with heard() as events, announcing(there, lambda: at[0], look_s=0.05):
        await wait_until(lambda: about(events, there), "it is found")
        at.pop(0)
        await wait_until(lambda: any(len(one.urls) == 2 for one in about(events, there)), "both addresses")
        at.pop(0)
        await wait_until(lambda: GatewayGone(f"{there.name}.{SERVICE}") in events, "it has none")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # zeroconf forgets a socket then
async def test_gateway_is_announced_over_ipv4_where_ipv6_is_unusable() -> None:
    there = announced(f"half {uuid4().hex[:6]}")
    async with heard() as events, announcing(there, lambda: (*LOOPBACK, "2001:db8::1")):
        await wait_until(lambda: about(events, there), "it is found")
        assert about(events, there)[0].urls == ("https://127.0.0.1:8765", "https://[2001:db8::1]:8765")


async def test_unusable_network_is_retried() -> None:
    tried = list[int]()

    def addresses() -> tuple[str, ...]:
        tried.append(1)
        if len(tried) < 4:
            raise OSError("no such device")
        return ()

    async with announcing(announced("n"), addresses, look_s=0.01):
        await wait_until(lambda: len(tried) > 6, "it is tried again")
