"""Kill a recording gateway and restart its database: no entry is lost or recorded twice."""

import signal
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from redis.asyncio import Redis

from backend.broker.jobs import open_jobs
from backend.history.inbox import GROUP
from backend.history.records import FeedEntry
from backend.history.store import Store, open_store
from protocol.job import Keys
from runtime.tasks import Tasks
from tests.backend.gateway_process import gateway_process
from tests.backend.history.feed import final, publish
from tests.helpers.postgres import Postgres
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

STREAM = Keys().history_keys[0]


def everything(count: int) -> list[FeedEntry]:
    """Return segments of many sessions, English and Chinese."""
    return [final(f"text number {n} 第{n}句", f"session {n // 4}", n % 4) for n in range(count)]


async def make_old(broker: Broker) -> int:
    """Make all pending entries old enough for a takeover, and return how many they are."""
    async with Redis.from_url(broker.url, protocol=2) as redis:
        pending: Any = await redis.xpending_range(STREAM, GROUP, "-", "+", 10_000)
        for one in pending:
            await redis.xclaim(STREAM, GROUP, one["consumer"], 0, [one["message_id"]], idle=60_000, justid=True)
    return len(pending)


async def recorded(url: str) -> int:
    """Return how many segments the database has."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        found = await (await connection.execute("SELECT count(*) FROM segments")).fetchone()
    assert found is not None
    return int(found[0])


async def survives(broker: Broker, postgres: Postgres, home: Path, count: int) -> None:
    """Kill the gateway during the first half of the entries, and stop the database during the second."""
    url = postgres.new_database()
    open_store(url).close()
    arguments, entries, half = ("--redis", broker.url, "--history", url), everything(count), count // 2
    async with open_jobs(broker.url, "test") as jobs, Tasks("test") as tasks:

        async def once_it_has_begun(least: int, do: Callable[[], object]) -> None:
            async def is_recorded() -> bool:
                if await recorded(url) <= least:
                    return False
                do()  # at once: the rest takes less than a second
                return True

            await wait_until(is_recorded, "recording goes on", 120)

        async with gateway_process(home, *arguments) as gateway:
            first = tasks.start(publish(jobs, entries[:half]), "first half")
            await once_it_has_begun(0, lambda: gateway.end(signal.SIGKILL))
        assert 0 < await recorded(url) < half
        await first
        await make_old(broker)
        async with gateway_process(home, *arguments):
            second = tasks.start(publish(jobs, entries[half:]), "second half")
            await once_it_has_begun(half, postgres.stop)
            postgres.start()
            assert await recorded(url) < count
            await second

            async def settled() -> bool:
                return bool(await jobs.shards[0].administer("XLEN", STREAM) == 0)

            await wait_until(settled, "nothing waits any more", 120)
    store = open_store(url)
    check(store, count)
    store.close()


def check(store: Store, count: int) -> None:
    """Check that every text exists once and was counted once."""
    assert store.size()[:2] == ((count + 3) // 4, count)
    for n in range(0, count, max(1, count // 50)):
        (segment,) = store.segments(f"session {n // 4}", after=n % 4 - 1, limit=1)
        assert segment.text == f"text number {n} 第{n}句"
    used = store.usage(date.min, date.max)
    assert sum(use.segments for use in used) == count
    assert sum(use.sessions for use in used) == (count + 3) // 4


async def test_kill_and_database_restart_neither_lose_nor_repeat_entries(
    broker: Broker, postgres: Postgres, tmp_path: Path
) -> None:
    await survives(broker, postgres, tmp_path, 6_000)


@pytest.mark.proof(minutes=3)
async def test_kill_and_database_restart_neither_lose_nor_repeat_100000_entries(
    broker: Broker, postgres: Postgres, tmp_path: Path
) -> None:
    await survives(broker, postgres, tmp_path, 100_000)
