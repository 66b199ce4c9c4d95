"""Test networks that vanish, cut mid-frame, slow down, stall or carry one direction: no segment is lost or
doubled."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from client.connection import Address, fixed_locator
from client.settings import ClientSettings
from loadtest.chaos.events import LinkDirection
from loadtest.chaos.proxy import TcpProxy, tcp_proxy, to_port, to_socket
from protocol.job import Keys
from protocol.session import Limits
from tests.helpers.chain import running_chain
from tests.helpers.speaking import check, speak
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until, wait_until_sync

SPEAKERS = 3
SPEECH_S = 5.0
FRAME_BYTES = 3_208
GATEWAY_CONNECTIONS = 2  # of three: results may still arrive while requests no longer work
WORKER_CONNECTIONS = 2
CLIENT = ClientSettings(heartbeat_s=1.0, send_s=3.0, connect_s=5.0, first_contact_s=120.0)


@dataclass
class Network:
    """The three connections that can break, and counts of the disturbances."""

    clients: TcpProxy
    gateway: TcpProxy
    workers: TcpProxy
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)

    async def whole(self) -> None:
        """Wait until all are connected in both directions."""
        await wait_until(lambda: self.clients.sound == SPEAKERS, "every client is connected", 90)
        await wait_until(lambda: self.gateway.sound >= GATEWAY_CONNECTIONS, "the gateway has its broker", 90)
        await wait_until(lambda: self.workers.sound >= WORKER_CONNECTIONS, "the worker has its broker", 90)


Trouble = Callable[[Network], Awaitable[None]]


def gone(seconds: float) -> Trouble:
    """Disconnect clients, then the gateway's broker and the worker's broker."""

    async def trouble(network: Network) -> None:
        for proxy, where in (
            (network.clients, "gateway"),
            (network.gateway, "broker"),
            (network.workers, "broker"),
        ):
            await network.whole()
            await proxy.down()
            await asyncio.sleep(seconds if proxy is network.clients else min(seconds, 5.0))
            await proxy.up()
            network.done[f"{where} gone"] += 1

    return trouble


def cuts(count: int) -> Trouble:
    """Cut at random bytes each way: client to gateway, and both connections to the broker."""

    async def trouble(network: Network) -> None:
        chance = network.chance
        for _ in range(count):
            for proxy, where in (
                (network.clients, "client"),
                (network.gateway, "gateway"),
                (network.workers, "worker"),
            ):
                for way in LinkDirection:
                    await network.whole()
                    most = 4 * FRAME_BYTES if way is LinkDirection.UP or proxy is network.workers else 400
                    async with asyncio.timeout(60):
                        await proxy.cut_after(chance.randint(1, most), way)
                    network.done[f"{where} cut {way.name.lower()}"] += 1

    return trouble


def slow(seconds: float) -> Trouble:
    """Delay by 20 to 200 ms with jitter at 100 KB/s, then stall, then release."""

    async def trouble(network: Network) -> None:
        await network.whole()
        for proxy in (network.clients, network.gateway, network.workers):
            proxy.delay(lambda size: network.chance.uniform(0.02, 0.2) + size / 100_000)
        await asyncio.sleep(seconds)
        network.clients.stall()
        await asyncio.sleep(seconds)
        for proxy in (network.clients, network.gateway, network.workers):
            proxy.delay(lambda size: 0.0)
        network.clients.flow()
        network.done["slow, then stalled"] += 1

    return trouble


def half_open(*places: str) -> Trouble:
    """Swallow each direction alone and both together, until a peer notices."""

    async def trouble(network: Network) -> None:
        for place in places:
            proxy: TcpProxy = getattr(network, place)
            for ways in ({LinkDirection.UP}, {LinkDirection.DOWN}, set(LinkDirection)):
                await network.whole()
                before = proxy.accepted
                proxy.half_open(ways)
                await wait_until(lambda: proxy.accepted > before, "a peer noticed", 90)  # noqa: B023 # at once
                network.done[f"{place} half-open"] += 1

    return trouble


@asynccontextmanager
async def chain_on_a_network(root: Path, broker: Broker, seed: int) -> AsyncIterator[Network]:
    """Run clients, gateway, broker and worker, connected through proxies."""
    direct = to_socket(broker.socket)
    async with tcp_proxy(direct) as to_gateway, tcp_proxy(direct) as to_worker:
        url = f"redis://127.0.0.1:{to_gateway.port}"
        settings = GatewaySettings(redis=url, limits=Limits(ping_s=1.0), drain_s=2.0)
        with running_chain(root, f"redis://127.0.0.1:{to_worker.port}", quiet=True) as chain:
            chain.worker("--engine", "checksum", "--set", "rtf=0.1")
            async with running_gateway(settings) as gateway:
                async with tcp_proxy(to_port(int(gateway.url.rpartition(":")[2]))) as to_clients:
                    yield Network(to_clients, to_gateway, to_worker, random.Random(seed))
                assert not gateway.failed.done()
            await asyncio.to_thread(chain.close)


async def survive(root: Path, broker: Broker, seed: int, troubles: list[Trouble]) -> None:
    """Run speakers during a series of disturbances, then check their results."""
    enough = asyncio.Event()
    async with chain_on_a_network(root, broker, seed) as network:
        locate = fixed_locator(Address(f"http://127.0.0.1:{network.clients.port}"))
        async with asyncio.TaskGroup() as people:
            speaking = [
                people.create_task(speak(locate, CLIENT, seed + n, SPEECH_S, enough)) for n in range(SPEAKERS)
            ]
            for trouble in troubles:
                await trouble(network)
            enough.set()
    for what, count in sorted(network.done.items()):
        sys.stdout.write(f"{count:4} x {what}\n")
    check(speaking, f"{network.clients.accepted} connections")
    leaves_nothing(broker.url)


def leaves_nothing(url: str) -> None:
    """Check that no job and no backlog is left in the broker."""
    keys = Keys()
    with redis.Redis.from_url(url) as store:
        wait_until_sync(lambda: store.xlen(keys.jobs("interactive")) == 0, "no job is left", 60)
        assert not any(int(left) for left in store.hgetall(keys.backlog).values())


@pytest.mark.timeout(300)
async def test_bad_network_loses_no_segment(tmp_path: Path, broker: Broker) -> None:
    await survive(tmp_path, broker, 1, [gone(1.5), cuts(1), slow(0.5), half_open("clients")])


@pytest.mark.proof(minutes=6)
async def test_very_bad_network_loses_no_segment(tmp_path: Path, broker: Broker) -> None:
    troubles = [gone(60.0), cuts(12), slow(10.0), half_open("clients", "gateway", "workers"), cuts(4)]
    await survive(tmp_path, broker, 60, troubles)
