"""Run two gateways on one broker with clients that switch between them: no session is lost.

Connections break meanwhile.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis.asyncio import Redis

from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from client.connection import Address
from client.settings import ClientSettings
from loadtest.chaos.events import LinkDirection
from loadtest.chaos.proxy import TcpProxy, tcp_proxy, to_port, to_socket
from protocol.job import Keys
from protocol.session import Limits
from tests.helpers.chain import running_chain
from tests.helpers.speaking import check, speak
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SPEAKERS = 4
SPEECH_S = 8.0
CLIENT = ClientSettings(heartbeat_s=1.0, send_s=3.0, connect_s=5.0, first_contact_s=120.0)


@dataclass
class World:
    """The proxies before each gateway and between gateways and broker."""

    clients: list[TcpProxy]
    brokers: list[TcpProxy]
    store: "Redis"
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def locate(self) -> Address:
        """Return the address of a random gateway."""
        return Address(f"http://127.0.0.1:{self.chance.choice(self.clients).port}")

    async def trouble(self) -> None:
        """Cause one random disturbance."""
        what = self.chance.choice((self.cut, self.cut_later, self.half_open, self.away, self.forget))
        await what()
        self.done[what.__name__] += 1

    async def cut(self) -> None:
        self.chance.choice(self.clients + self.brokers).cut()

    async def cut_later(self) -> None:
        proxy = self.chance.choice(self.clients + self.brokers)
        try:
            async with asyncio.timeout(5):
                await proxy.cut_after(self.chance.randint(1, 4_000), self.chance.choice(list(LinkDirection)))
        except TimeoutError:  # no connection was open
            return

    async def half_open(self) -> None:
        self.chance.choice(self.clients).half_open(
            self.chance.choice(({LinkDirection.UP}, {LinkDirection.DOWN}, set(LinkDirection)))
        )

    async def away(self) -> None:
        """Disconnect a gateway from its broker, and cut its clients: some move to the other gateway."""
        number = self.chance.randrange(len(self.brokers))
        await self.brokers[number].down()
        for _ in range(3):
            self.clients[number].cut()
            await asyncio.sleep(self.chance.uniform(0.1, 1.0))
        await self.brokers[number].up()

    async def forget(self) -> None:
        """Delete a random session from the broker."""
        sessions = [key async for key in self.store.scan_iter(Keys().session("*"))]
        if sessions:
            await self.store.delete(self.chance.choice(sessions))


@asynccontextmanager
async def two_gateways(root: Path, broker: Broker, seed: int) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        clients, brokers = [], []
        chain = stack.enter_context(running_chain(root, broker.url, quiet=True))
        chain.worker("--engine", "checksum", "--set", "rtf=0.1")
        stack.push_async_callback(asyncio.to_thread, chain.close)
        for _ in range(2):
            brokers.append(await stack.enter_async_context(tcp_proxy(to_socket(broker.socket))))
            url = f"redis://127.0.0.1:{brokers[-1].port}"
            settings = GatewaySettings(redis=url, limits=Limits(ping_s=1.0), drain_s=2.0)
            gateway = await stack.enter_async_context(running_gateway(settings))
            port = int(gateway.url.rpartition(":")[2])
            clients.append(await stack.enter_async_context(tcp_proxy(to_port(port))))
        store = await stack.enter_async_context(Redis.from_url(broker.url))
        yield World(clients, brokers, store, random.Random(seed))


async def survive(root: Path, broker: Broker, troubles: int, seed: int) -> None:
    """Run speakers during a series of disturbances, then check their results."""
    enough = asyncio.Event()
    async with two_gateways(root, broker, seed) as world, asyncio.TaskGroup() as people:
        speaking = [
            people.create_task(speak(world.locate, CLIENT, seed + n, SPEECH_S, enough)) for n in range(SPEAKERS)
        ]
        await wait_until(lambda: sum(one.sound for one in world.clients) == SPEAKERS, "all are connected")
        for _ in range(troubles):
            await world.trouble()
            await asyncio.sleep(world.chance.uniform(0.1, 1.5))
        enough.set()
    check(speaking, ", ".join(f"{count} x {what}" for what, count in sorted(world.done.items())))


async def test_switching_between_gateways_loses_no_session(tmp_path: Path, broker: Broker) -> None:
    await survive(tmp_path, broker, troubles=5, seed=1)


@pytest.mark.proof(minutes=5)
async def test_switching_between_gateways_for_long_loses_no_session(tmp_path: Path, broker: Broker) -> None:
    await survive(tmp_path, broker, troubles=120, seed=120)
