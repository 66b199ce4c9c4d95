"""Kill servers of a Redis Cluster, and behind Sentinels, while people speak: nothing is lost or doubled."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from backend.broker.jobs import open_jobs
from backend.broker.records import JobQueued
from backend.gateway import Gateway
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from client.connection import Address
from client.settings import ClientSettings
from loadtest.measurement.tally import Tally
from protocol.broker_url import slot_of
from protocol.job import Job, Keys
from protocol.session import Limits
from tests.helpers.chain import Chain, running_chain
from tests.helpers.redis_cluster import Server, SetUp, running_cluster, running_sentinels
from tests.helpers.speaking import check, session_in, speak
from tests.helpers.tunnel import tunnelling
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.serial("failover")

SPEAKERS = 4
SPEECH_S = 3.0
SHARDS = 4
CLIENT = ClientSettings(heartbeat_s=1.0, send_s=3.0, connect_s=5.0, first_contact_s=120.0)
PERSISTENT = ("--appendonly", "yes")


class People:
    """Speakers at a gateway. ``enough`` lets each end after its session."""

    def __init__(self, gateway: Gateway, chain: Chain) -> None:
        self.gateway = gateway
        self.chain = chain
        self.enough = asyncio.Event()
        self.speaking: list[asyncio.Task[list[Tally]]] = []

    @property
    def final(self) -> int:
        """Number of segments that have their text."""
        return self.gateway.monitor.snapshot(self.gateway.hub).totals.final

    async def answered(self, more: int = SPEAKERS) -> None:
        """Wait until this many more segments have their texts."""
        before = self.final
        await wait_until(lambda: self.final >= before + more, "people are answered", 90)

    def work(self) -> None:
        """Start a worker of the chain."""
        self.chain.worker("--engine", "checksum", "--set", "rtf=0.1")


@asynccontextmanager
async def people_speak(root: Path, set_up: SetUp, shards: int = 1, works: bool = True) -> AsyncIterator[People]:
    """Let people speak during the context; then wait for every text, and check all.

    All sessions of one speaker are in one shard, so that a missing shard stops this speaker and never the others.
    """
    settings = GatewaySettings(redis=set_up.url, shards=shards, limits=Limits(ping_s=1.0), drain_s=2.0)
    identify = [partial(session_in, n % shards, shards) for n in range(SPEAKERS)]
    with running_chain(root, set_up.url, quiet=True) as chain:
        async with running_gateway(settings) as gateway:
            people = People(gateway, chain)
            if works:
                people.work()
            async with asyncio.TaskGroup() as tasks:
                people.speaking = [
                    tasks.create_task(
                        speak(lambda: Address(gateway.url), CLIENT, n, SPEECH_S, people.enough, identify[n]),
                        name=f"speaker-{n}",
                    )
                    for n in range(SPEAKERS)
                ]
                if works:
                    await people.answered()
                yield people
                people.enough.set()
            await asyncio.to_thread(chain.close)
    check(people.speaking, root.name)
    waits = [ended.after_stop for task in people.speaking for tally in task.result() for ended in tally.ended]
    sys.stdout.write(f"longest wait for a text: {max(waits, default=0.0) / 1000:.1f} s\n")


async def in_thread(call: Callable[[], object], what: str) -> None:
    """Wait until a blocking check is true, while everything else goes on."""

    async def asked() -> object:
        return await asyncio.to_thread(call)

    await wait_until(asked, what, 90)


async def kill_primary(set_up: SetUp, key: str = "kiki:{0}:backlog") -> Server:
    """Kill the primary of a key, wait for the next one, and return the victim."""
    primary = await asyncio.to_thread(set_up.primary, key)
    killed = time.monotonic()
    primary.kill()
    await asyncio.to_thread(set_up.primary, key)
    sys.stdout.write(f"elected after {time.monotonic() - killed:.1f} s\n")
    return primary


# -- a slot moves -----------------------------------------------------------------------------------------


def move_by_steps(source: Server, target: Server, slot: int) -> None:
    """Move a slot as every version does it: all its keys with one command, which is atomic."""
    ids = {server: server.ask("CLUSTER", "MYID").decode() for server in (source, target)}
    target.ask("CLUSTER", "SETSLOT", str(slot), "IMPORTING", ids[source])
    source.ask("CLUSTER", "SETSLOT", str(slot), "MIGRATING", ids[target])
    while keys := source.ask("CLUSTER", "GETKEYSINSLOT", str(slot), "10000"):
        source.ask(
            "MIGRATE", "127.0.0.1", str(target.port), "", "0", "5000", "KEYS", *(key.decode() for key in keys)
        )
    for server in (target, source):
        server.ask("CLUSTER", "SETSLOT", str(slot), "NODE", ids[target])


def move_at_once(source: Server, target: Server, slot: int) -> None:
    """Move a slot as Valkey 9 does it."""
    node = target.ask("CLUSTER", "MYID").decode()
    source.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", str(slot), str(slot), "NODE", node)


async def move(set_up: SetUp, how: Callable[[Server, Server, int], None]) -> None:
    """Move the slot of the first shard to another primary."""
    key = Keys(0).backlog
    source = await asyncio.to_thread(set_up.primary, key)
    target = next(one for one in set_up.servers if one is not source and one.is_primary)
    await asyncio.to_thread(how, source, target, slot_of(key))
    await in_thread(lambda: set_up.primary(key) is target, "the slot has moved")


# -- a primary dies ---------------------------------------------------------------------------------------


async def freeze_primary(people: People, set_up: SetUp) -> None:
    """Freeze a primary until another one has taken its place and people are answered."""
    primary = await asyncio.to_thread(set_up.primary)
    (replica,) = await asyncio.to_thread(set_up.replicas, primary)
    primary.freeze()
    await in_thread(lambda: replica.is_primary, "another one is elected")
    await people.answered(2 * SPEAKERS)
    primary.thaw()
    await in_thread(set_up.whole, "it is a replica now")


async def test_moved_slots_and_killed_and_frozen_primaries_of_a_cluster_lose_no_segment(tmp_path: Path) -> None:
    with running_cluster() as set_up:
        async with people_speak(tmp_path, set_up, SHARDS) as people:
            await move(set_up, move_by_steps)
            await people.answered()
            await move(set_up, move_at_once)
            await people.answered()
            victim = await kill_primary(set_up)
            await people.answered(2 * SPEAKERS)
            await asyncio.to_thread(victim.start)
            await in_thread(set_up.whole, "the victim is a replica now")
            await freeze_primary(people, set_up)


async def lose_writes(people: People, set_up: SetUp) -> None:
    """Kill the primary of the first shard with writes that its replica never gets."""
    primary = await asyncio.to_thread(set_up.primary)
    (replica,) = await asyncio.to_thread(set_up.replicas, primary)
    replica.freeze()
    await asyncio.to_thread(primary.ask, "CLIENT", "KILL", "TYPE", "replica")  # it cannot restart
    before = offset(primary)
    await in_thread(lambda: offset(primary) > before + 100_000, "audio is written")
    written = offset(primary)
    primary.kill()
    replica.thaw()
    assert await asyncio.to_thread(set_up.primary) is replica
    had = int(replica.ask("INFO", "replication")["second_repl_offset"])
    sys.stdout.write(f"{written - had} bytes were never replicated\n")
    assert written - had >= 100_000


def offset(server: Server) -> int:
    return int(server.ask("INFO", "replication")["master_repl_offset"])


async def test_writes_that_no_replica_got_are_sent_again_in_a_cluster(tmp_path: Path) -> None:
    with running_cluster(3, "secret") as set_up:
        async with people_speak(tmp_path, set_up, shards=1, works=False) as people:
            await lose_writes(people, set_up)
            people.work()
            await people.answered(2 * SPEAKERS)


@pytest.mark.proof(minutes=1)
async def test_writes_that_no_replica_got_are_sent_again_behind_sentinels(tmp_path: Path) -> None:
    with running_sentinels() as set_up:
        async with people_speak(tmp_path, set_up, works=False) as people:
            await lose_writes(people, set_up)
            people.work()
            await people.answered(2 * SPEAKERS)


async def test_planned_failover_in_a_cluster_refuses_no_command() -> None:
    """The earlier primary lives on as a replica: scripts that are loaded there do not help."""
    with running_cluster() as set_up:
        async with open_jobs(set_up.url, "g", shards=1) as jobs:
            await jobs.attach("s", "me", resume=False)
            (replica,) = await asyncio.to_thread(set_up.replicas, set_up.primary())
            await asyncio.to_thread(replica.ask, "CLUSTER", "FAILOVER")
            await in_thread(lambda: replica.is_primary, "the replica has taken over")
            assert [await jobs.submit(Job("s", n, b"\0\0", 1)) for n in range(3)] == [*map(JobQueued, range(3))]
            assert sum(content.entries for content in (await jobs.survey()).streams.values()) == 3


# -- a shard is missing -----------------------------------------------------------------------------------


async def test_missing_shard_delays_only_its_own_sessions(tmp_path: Path) -> None:
    with running_cluster(3, "", *PERSISTENT) as set_up:
        async with people_speak(tmp_path, set_up, SHARDS) as people:
            primary = await asyncio.to_thread(set_up.primary)
            (replica,) = await asyncio.to_thread(set_up.replicas, primary)
            gone = {shard for shard in range(SHARDS) if await has(set_up, primary, shard)}
            for server in (replica, primary):
                server.kill()
            await wait_until(lambda: set(people.gateway.monitor.broker().missing) == gone, "it is named", 60)
            assert people.gateway.monitor.up
            await people.answered(2 * (SPEAKERS - len(gone)))
            for server in (primary, replica):
                await asyncio.to_thread(server.start)
            await wait_until(lambda: not people.gateway.monitor.broker().missing, "nothing is missing", 60)


async def has(set_up: SetUp, server: Server, shard: int) -> bool:
    return await asyncio.to_thread(set_up.primary, Keys(shard).backlog) is server


# -- workers through a gateway ----------------------------------------------------------------------------


async def through_a_gateway(root: Path, set_up: SetUp, shards: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let people speak whose only worker comes through a gateway, before and after a failover."""
    async with people_speak(root, set_up, shards, works=False) as people, tunnelling(set_up.url, root) as tunnel:
        _, key = await tunnel.paired()
        monkeypatch.setenv("KIKIPOUNAMU_KEY", key)
        words = ("kikipounamu-worker", "run", "--gateway", tunnel.url, "--engine", "checksum", "--set", "rtf=0.1")
        people.chain.start("worker", *words)
        await people.answered(2 * SPEAKERS)
        await kill_primary(set_up)
        await people.answered(2 * SPEAKERS)
        people.enough.set()
        await asyncio.wait(people.speaking)


@pytest.mark.proof(minutes=1)
async def test_tunnelled_worker_survives_a_failover_in_a_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_cluster(3, "secret") as set_up:
        await through_a_gateway(tmp_path, set_up, SHARDS, monkeypatch)


async def test_tunnelled_worker_survives_a_failover_behind_sentinels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_sentinels("p@ss/word") as set_up:
        await through_a_gateway(tmp_path, set_up, 1, monkeypatch)


# -- the proof --------------------------------------------------------------------------------------------


async def kill_many(people: People, set_up: SetUp, kills: int, chance: random.Random) -> None:
    """Kill primaries and replicas; each comes back, sooner or later, and all are there before the next dies."""
    for number in range(kills):
        await in_thread(set_up.whole, "all servers are there")
        victim = chance.choice([one for one in set_up.servers if one.is_primary is (number % 3 < 2)])
        victim.kill()
        await asyncio.sleep(chance.uniform(0.0, 3.0))  # before, during or after the election
        await asyncio.to_thread(victim.start)
        await people.answered(1)


@pytest.mark.proof(minutes=7)
async def test_forty_kills_in_a_cluster_lose_no_segment(tmp_path: Path) -> None:
    with running_cluster(3, "", *PERSISTENT) as set_up:
        async with people_speak(tmp_path, set_up, SHARDS) as people:
            await kill_many(people, set_up, 40, random.Random(40))


@pytest.mark.proof(minutes=7)
async def test_twenty_kills_behind_sentinels_lose_no_segment(tmp_path: Path) -> None:
    with running_sentinels("", *PERSISTENT) as set_up:
        async with people_speak(tmp_path, set_up) as people:
            await kill_many(people, set_up, 20, random.Random(20))
