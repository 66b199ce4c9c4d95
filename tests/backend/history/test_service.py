"""Test a gateway with a history, over real sockets, with the scripts of a real worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from backend.broker.jobs import open_jobs
from backend.core.keys import owner_of
from backend.gateway import Gateway
from backend.history.journal import TextJournal
from backend.history.records import HistoryLimits, SessionFilter, StoredSession
from backend.history.service import run_history
from backend.history.settings import HistorySettings
from backend.history.store import open_store
from backend.rest.file_settings import FileSettings
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.job import Keys
from protocol.session import Done, Final, Finish, Received
from runtime.clocks import WallClock
from runtime.tasks import Tasks
from tests.backend.conftest import KEY
from tests.backend.history.feed import NOON_MS, final, publish
from tests.backend.wire import Wire, connected, tone
from tests.helpers.valkey import Broker, running_broker
from tests.helpers.waiting import wait_until
from tests.worker.running import recognise

PCM = tone(4_000)


def settings(broker: Broker, url: str, tmp_path: Path) -> GatewaySettings:
    history = HistorySettings(url, HistoryLimits(0, 0), tmp_path / "asr_history.jsonl")
    files = FileSettings(tmp_path / "submitted")
    return GatewaySettings(redis=broker.url, key=KEY, history=history, files=files)


@asynccontextmanager
async def working(settings: GatewaySettings) -> AsyncIterator[Gateway]:
    async with running_gateway(settings) as gateway, Tasks("worker") as tasks:
        tasks.start(recognise(settings.redis), "worker")
        yield gateway


async def speak(gateway: Gateway, segments: int = 2) -> Wire:
    """Run a session to its end, every result received."""
    async with connected(gateway.url, KEY) as wire:
        for segment in range(segments):
            await wire.segment(segment, PCM)
            await wire.expect(Final)
            await wire.say(Received(segment))
        await wire.say(Finish(segments))
        await wire.expect(Done)
    return wire


async def ready(gateway: Gateway) -> Any:
    async with aiohttp.ClientSession() as http, http.get(f"{gateway.url}/readyz") as response:
        return await response.json()


async def recorded_session(gateway: Gateway, wire: Wire, finals: int) -> StoredSession:
    """Wait until the history has this many finals of the session."""
    assert gateway.history is not None
    history = gateway.history.history

    async def look() -> StoredSession | None:
        session = await history.ask(lambda store: store.session(str(wire.session))) if history.up else None
        return session if session and session.finals == finals else None

    found: StoredSession = await wait_until(look, "the history has it")
    return found


async def test_spoken_text_is_stored_and_found(broker: Broker, tmp_path: Path) -> None:
    async with working(settings(broker, f"sqlite:///{tmp_path}/history.sqlite", tmp_path)) as gateway:
        wire = await speak(gateway)
        session = await recorded_session(gateway, wire, 2)
        assert (session.owner, session.samples, session.state) == (owner_of(KEY), 8_000, "working")
        assert gateway.history is not None
        hits = await gateway.history.history.ask(
            lambda store: store.search("text 1", SessionFilter(owner_of(KEY)))
        )
        assert [(hit.session.id, hit.segment) for hit in hits.items] == [(str(wire.session), 1)]

        async def settled() -> bool:
            about = (await ready(gateway))["history"]
            return bool(about["recorded"] == 2 and about["waiting"] == 0)

        await wait_until(settled, "nothing waits")
    lines = (tmp_path / "asr_history.jsonl").read_text().splitlines()
    assert len(lines) == 2


async def test_deleted_session_is_removed_from_journal(broker: Broker, tmp_path: Path) -> None:
    """A second gateway cleans the file at its start; the first would do so only after a minute."""
    place, chosen = tmp_path / "asr_history.jsonl", settings(broker, f"sqlite:///{tmp_path}/h.sqlite", tmp_path)
    async with working(chosen) as gateway:
        wire = await speak(gateway)
        await recorded_session(gateway, wire, 2)
        assert gateway.history is not None
        await wait_until(lambda: place.exists() and b"text 1" in place.read_bytes(), "it is written")
        assert await gateway.history.history.ask(lambda store: store.delete(str(wire.session)))
    async with working(chosen):
        await wait_until(lambda: place.read_bytes() == b"", "it is gone")


async def test_history_opened_late_blocks_no_session_and_catches_up(broker: Broker, tmp_path: Path) -> None:
    place = tmp_path / "folder" / "history.sqlite"
    place.parent.write_text("a file where a folder should be")
    async with working(settings(broker, f"sqlite:///{place}", tmp_path)) as gateway:
        assert (await ready(gateway))["history"]["up"] is False
        wire = await speak(gateway)
        place.parent.unlink()
        assert (await recorded_session(gateway, wire, 2)).segments == 2
        assert (await ready(gateway))["history"]["up"] is True


async def test_clock_change_does_not_empty_journal(broker: Broker, tmp_path: Path) -> None:
    place, now_s = tmp_path / "asr_history.jsonl", [NOON_MS / 1000]
    history = HistorySettings(f"sqlite:///{tmp_path}/history.sqlite", HistoryLimits(days=1), place)
    TextJournal(place).write([final("stays"), final("gone", "deleted")])
    with closing(open_store(history.url)) as store:
        store.record([final(session="deleted")])
        store.delete("deleted")
    clock = WallClock(lambda: now_s[0], lambda: 0.0)
    now_s[0] += 400 * 86_400
    async with (
        open_jobs(broker.url, "g") as jobs,
        run_history(history, jobs.shards, "g", lambda: True, clock=clock),
    ):
        await wait_until(lambda: b"gone" not in place.read_bytes(), "it is cleaned")
    assert b"stays" in place.read_bytes()


async def test_gateway_started_with_clock_in_the_future_deletes_nothing(broker: Broker, tmp_path: Path) -> None:
    """For a feed from two years ago, today's clock is two years in the future."""
    history = HistorySettings(
        f"sqlite:///{tmp_path}/history.sqlite", HistoryLimits(days=1), tmp_path / "texts.jsonl"
    )
    assert history.journal
    TextJournal(history.journal).write([final("stays")])
    with closing(open_store(history.url)) as store:
        store.record([final("stays")])
    for _ in range(2):
        async with (
            open_jobs(broker.url, "g") as jobs,
            run_history(history, jobs.shards, "g", lambda: True) as kept,
        ):
            assert kept
            await wait_until(lambda: (tmp_path / "history.sqlite.clock").exists(), "it is looked after")
            found = await kept.history.ask(lambda store: store.search("stays", SessionFilter()))
            assert len(found.items) == 1
    assert b"stays" in history.journal.read_bytes()


async def test_gateway_without_history_stores_nothing(broker: Broker) -> None:
    async with working(GatewaySettings(redis=broker.url, key=KEY)) as gateway:
        await speak(gateway)
        assert gateway.history is None
        assert (await ready(gateway))["history"] is None
        keys = await gateway.hub._jobs.shards[0].administer("EXISTS", *Keys().history_keys)
    assert keys == 0


@pytest.mark.parametrize("own", [True, False])
async def test_disabled_history_deletes_entries_only_in_own_broker(own: bool, tmp_path: Path) -> None:
    with running_broker() as broker:
        async with open_jobs(broker.url, "g") as jobs:
            await publish(jobs, [final()])
            async with run_history(HistorySettings(), jobs.shards, "g", lambda: own) as keeping:
                assert keeping is None
            assert await jobs.shards[0].administer("EXISTS", Keys().history_keys[0]) == (0 if own else 1)


async def test_disabled_history_deletes_late_entries_of_earlier_sessions(broker: Broker) -> None:
    looks: list[None] = []

    def adopted_at_first() -> bool:
        looks.append(None)
        return len(looks) > 5

    async with open_jobs(broker.url, "g") as jobs:

        async def gone() -> bool:
            return not await jobs.shards[0].administer("EXISTS", Keys().history_keys[0])

        async with run_history(HistorySettings(), jobs.shards, "g", adopted_at_first, drop_s=0.01):
            await publish(jobs, [final()])
            await wait_until(gone, "it is deleted")
        assert len(looks) > 5


async def test_recorded_text_disappears_from_broker_file(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    history = HistorySettings(f"sqlite:///{tmp_path}/history.sqlite", HistoryLimits(0, 0))
    with running_broker(None, "--dir", str(folder), "--appendonly", "yes", "--appendfsync", "always") as broker:
        async with open_jobs(broker.url, "g") as jobs:
            await jobs.compact()  # removes what an earlier gateway may have left
            async with run_history(history, jobs.shards, "g", lambda: True) as keeping:
                assert keeping is not None
                await publish(jobs, [final("quicksilver")])
                await wait_until(lambda: keeping.state().recorded, "it is recorded")

                async def gone() -> bool:
                    await jobs.compact()
                    waiting = await jobs.shards[0].administer("XLEN", Keys().history_keys[0])
                    return waiting == 0 and b"quicksilver" not in everything_in(folder)

                assert b"quicksilver" in everything_in(folder)
                await wait_until(gone, "no file has it")


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
