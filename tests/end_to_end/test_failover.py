"""Kill servers of a Redis Cluster or behind Sentinels while people speak: nothing is lost or doubled."""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.gateway import Gateway, running_gateway
from backend.settings import GatewaySettings
from client.connection import Address
from client.gateway import ClientSettings
from protocol.session import Limits
from runtime.logs import logging_to
from tests.helpers.chain import running_chain
from tests.helpers.redis_cluster import SetUp, running_cluster, running_sentinels
from tests.helpers.speaking import check, speak
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.serial

SPEAKERS = 4
SPEECH_S = 6.0
CLIENT = ClientSettings(heartbeat_s=1.0, send_s=3.0, connect_s=5.0, first_contact_s=120.0)


@pytest.fixture(autouse=True)
def as_in_main() -> Iterator[None]:
    with logging_to("test", None, terminal=False):
        yield


async def fail_over(root: Path, set_up: SetUp, kills: int, shards: int = 1) -> None:
    """Kill the primary so many times while people speak."""
    enough = asyncio.Event()
    settings = GatewaySettings(redis=set_up.url, shards=shards, limits=Limits(ping_s=1.0), drain_s=2.0)
    with running_chain(root, set_up.url, quiet=True) as chain:
        chain.worker("--engine", "checksum", "--set", "rtf=0.1")
        async with running_gateway(settings) as gateway, asyncio.TaskGroup() as people:
            speaking = [
                people.create_task(speak(lambda: Address(gateway.url), CLIENT, n, SPEECH_S, enough))
                for n in range(SPEAKERS)
            ]
            await answered(gateway, SPEAKERS)
            for _ in range(kills):
                primary = await asyncio.to_thread(set_up.primary)
                primary.kill()
                killed = time.monotonic()
                await asyncio.to_thread(set_up.primary)
                elected = time.monotonic()
                await answered(gateway, 2 * SPEAKERS)
                waited = elected - killed, time.monotonic() - killed
                sys.stdout.write("elected after {:.1f} s, answered after {:.1f} s\n".format(*waited))
            enough.set()
    check(speaking, f"{kills} kills")


async def answered(gateway: Gateway, more: int) -> None:
    """Wait until so many more segments have their text."""

    def final() -> int:
        return gateway.monitor.snapshot(gateway.hub).totals.final

    before = final()
    await wait_until(lambda: final() >= before + more, "people are answered", 60)


async def test_failover_behind_sentinels_loses_no_segment(tmp_path: Path) -> None:
    with running_sentinels(password="p@ss/word") as set_up:
        await fail_over(tmp_path, set_up, kills=1)


async def test_failover_in_a_cluster_loses_no_segment(tmp_path: Path) -> None:
    with running_cluster(password="secret") as set_up:
        await fail_over(tmp_path, set_up, kills=1, shards=4)
