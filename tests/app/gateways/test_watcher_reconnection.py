"""Detection of connections that should be replaced."""

import asyncio
from dataclasses import dataclass, field

import pytest

from app.gateways.watcher import ReconnectionDetector
from client.connection import Address
from tests.helpers.waiting import DEADLINE_S, wait_until

DESK = Address("https://10.0.0.4:8765", certificate_sha256="a" * 64)


@dataclass
class World:
    """A simulated network, and the reported changes."""

    there: bool | None = True
    own: tuple[str, ...] = ("10.0.0.9", "127.0.0.1")
    checks: int = 0
    told: list[bool] = field(default_factory=list)
    detector: ReconnectionDetector = field(init=False)

    def __post_init__(self) -> None:
        self.detector = ReconnectionDetector(self.is_there, lambda: self.own, self.changed, check_s=0.01)

    def is_there(self, address: Address) -> bool | None:
        self.checks += 1
        return self.there

    def changed(self) -> None:
        self.told.append(self.detector.in_use)

    def connect(self) -> "asyncio.Task[None]":
        return asyncio.create_task(self.detector.until_moved(DESK))

    async def until_checked(self) -> None:
        """Wait until both of two connections, or one, have been checked more than once."""
        enough = self.checks + 5
        await wait_until(lambda: self.checks >= enough, "the connections are checked again and again")


@pytest.fixture
def world() -> World:
    return World()


async def test_connection_stays_and_counts_as_in_use_while_the_gateway_stays(world: World) -> None:
    first, second = world.connect(), world.connect()
    await wait_until(lambda: world.detector.in_use, "a connection is in use")
    world.own = (*world.own, "10.8.0.2")  # an additional address is no reason
    world.detector.check()
    await world.until_checked()
    assert not first.done() and not second.done() and world.told == [True]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert world.detector.in_use
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert world.told == [True, False]


async def test_connection_is_replaced_at_once_when_the_gateway_moves(world: World) -> None:
    world.detector = ReconnectionDetector(
        lambda address: world.there, lambda: world.own, lambda: None, check_s=1e6
    )
    connection = world.connect()
    await asyncio.sleep(0)
    world.there = False
    world.detector.check()
    await asyncio.wait_for(connection, DEADLINE_S)


async def test_connection_is_replaced_when_this_computer_changes_network(world: World) -> None:
    connection = world.connect()
    await asyncio.sleep(0)
    world.own = ("127.0.0.1", "192.168.7.3")
    await asyncio.wait_for(connection, DEADLINE_S)


async def test_connection_from_before_a_sleep_is_replaced(world: World) -> None:
    connection = world.connect()
    await asyncio.sleep(0)
    world.detector.handle_wake()
    await asyncio.wait_for(connection, DEADLINE_S)
    after = world.connect()
    await wait_until(lambda: world.detector.in_use, "a connection from after it stays")
    after.cancel()
    await asyncio.gather(after, return_exceptions=True)


async def test_connection_to_an_unknown_gateway_stays(world: World) -> None:
    world.there = None
    connection = world.connect()
    await asyncio.sleep(0)
    world.own = ()
    world.detector.handle_wake()
    await world.until_checked()
    assert not connection.done() and world.told == []
    connection.cancel()
    await asyncio.gather(connection, return_exceptions=True)
