"""Paired gateways: changed in memory at once, on disk in order, and restored if the disk refuses."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from app.core.errors import Note
from app.gateways.store import GatewayRegistry, GatewaysNotKept, GatewayStore
from client.connection import Address
from client.pairing import NewPairing

MADE = NewPairing(Address("https://a:1", "key", "desk", "a" * 64), "device")
OTHER = NewPairing(Address("https://b:1", "key", "other", "b" * 64), "device")


def problem_of(keeping: GatewayRegistry) -> Note | None:
    return keeping.problem


@pytest.fixture
def store(tmp_path: Path) -> GatewayStore:
    return GatewayStore(tmp_path / "gateways.json")


async def test_changes_are_there_after_a_restart(store: GatewayStore) -> None:
    changes: list[int] = []
    keeping = GatewayRegistry(store, lambda: changes.append(1))
    keeping.read()
    desk, other = await asyncio.gather(keeping.add(MADE), keeping.add(OTHER))
    assert (keeping.of(desk.id), keeping.of("no")) == (desk, None)
    renamed = msgspec.structs.replace(desk, name="upstairs")
    await keeping.replace(renamed)
    await keeping.remove(other.id)
    await keeping.replace(other)
    assert keeping.gateways == (renamed,) and len(changes) == 4
    await keeping.close()
    again = GatewayRegistry(store, lambda: None)
    again.read()
    assert again.gateways == (renamed,) and again.problem is None


async def test_pairing_is_stored_even_if_the_caller_is_cancelled(store: GatewayStore) -> None:
    keeping = GatewayRegistry(store, lambda: None)
    adding = asyncio.create_task(keeping.add(MADE))
    await asyncio.sleep(0)
    adding.cancel()
    await asyncio.gather(adding, return_exceptions=True)
    await keeping.close()
    assert [one.own_name for one in store.read()[0]] == ["desk"]


async def test_previous_gateways_stay_when_the_disk_refuses(store: GatewayStore) -> None:
    keeping = GatewayRegistry(store, lambda: None)
    desk = await keeping.add(MADE)
    store.file.unlink()
    store.file.mkdir()
    for refused in (keeping.add(OTHER), keeping.remove(desk.id)):
        with pytest.raises(GatewaysNotKept):
            await refused
    assert keeping.gateways == (desk,)
    await keeping.close()


async def test_previous_gateways_stay_and_the_caller_hears_of_it_when_a_write_fails_unexpectedly(
    store: GatewayStore,
) -> None:
    keeping = GatewayRegistry(store, lambda: None)
    desk = await keeping.add(MADE)
    with pytest.raises(UnicodeEncodeError):
        async with asyncio.timeout(30):
            await keeping.replace(msgspec.structs.replace(desk, name="\ud800"))
    assert keeping.gateways == (desk,)
    await keeping.close()


async def test_damaged_or_unreadable_file_is_reported(store: GatewayStore) -> None:
    store.file.write_text("{")
    keeping = GatewayRegistry(store, lambda: None)
    keeping.read()
    assert problem_of(keeping) == Note("gateways-damaged", {"file": f"{store.file}.damaged"})
    await keeping.add(MADE)
    assert problem_of(keeping) is None and len(keeping.gateways) == 1
    store.file.unlink()
    store.file.mkdir()
    keeping.read()
    assert problem_of(keeping) == Note("gateways-not-kept")
    await keeping.close()
