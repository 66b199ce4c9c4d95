"""Paired gateways: changed in memory at once, on disk in order, and restored if the disk refuses."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from app.core.errors import Note
from app.gateways.store import GatewayRegistry, GatewaysNotKept, GatewayStore, PairedGateway
from client.connection import Address
from client.pairing import NewPairing

MADE = NewPairing(Address("https://a:1", "key", "desk", "a" * 64), "device")
OTHER = NewPairing(Address("https://b:1", "key", "other", "b" * 64), "device")


def problem_of(registry: GatewayRegistry) -> Note | None:
    return registry.problem


@pytest.fixture
def store(tmp_path: Path) -> GatewayStore:
    return GatewayStore(tmp_path / "gateways.json")


async def test_changes_are_there_after_a_restart(store: GatewayStore) -> None:
    changes: list[int] = []
    registry = GatewayRegistry(store, lambda: changes.append(1))
    registry.read()
    desk, other = await asyncio.gather(registry.add(MADE), registry.add(OTHER))
    assert (registry.of(desk.id), registry.of("no")) == (desk, None)
    renamed = msgspec.structs.replace(desk, name="upstairs")
    await registry.update(desk.id, lambda one: renamed)
    await registry.remove(other.id)
    await registry.update(other.id, lambda one: one.at(("https://c:1",)))
    assert registry.gateways == (renamed,) and len(changes) == 4
    await registry.close()
    again = GatewayRegistry(store, lambda: None)
    again.read()
    assert again.gateways == (renamed,) and again.problem is None


async def test_pairing_is_stored_even_if_the_caller_is_cancelled(store: GatewayStore) -> None:
    registry = GatewayRegistry(store, lambda: None)
    adding = asyncio.create_task(registry.add(MADE))
    await asyncio.sleep(0)
    adding.cancel()
    await asyncio.gather(adding, return_exceptions=True)
    await registry.close()
    assert [one.own_name for one in store.read()[0]] == ["desk"]


async def test_previous_gateways_stay_when_the_disk_refuses(store: GatewayStore) -> None:
    registry = GatewayRegistry(store, lambda: None)
    desk = await registry.add(MADE)
    store.file.unlink()
    store.file.mkdir()
    for refused in (registry.add(OTHER), registry.remove(desk.id)):
        with pytest.raises(GatewaysNotKept):
            await refused
    assert registry.gateways == (desk,)
    await registry.close()


async def test_gateways_are_those_on_disk_when_it_refuses_one_of_two_changes(
    store: GatewayStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, write = GatewayRegistry(store, lambda: None), store.write

    def refuse_other(gateways: tuple[PairedGateway, ...]) -> None:
        if gateways[-1].own_name == "other":
            raise GatewaysNotKept("full")
        write(gateways)

    desk = await registry.add(MADE)
    monkeypatch.setattr(store, "write", refuse_other)
    refused, moved = registry.add(OTHER), registry.update(desk.id, lambda one: one.at(("https://c:1",)))
    assert [type(one) for one in await asyncio.gather(refused, moved, return_exceptions=True)] == [
        GatewaysNotKept,
        type(None),
    ]
    assert registry.gateways == store.read()[0] == (desk.at(("https://c:1",)),)
    await registry.close()


async def test_previous_gateways_stay_and_the_caller_gets_the_error_when_a_write_fails_unexpectedly(
    store: GatewayStore,
) -> None:
    registry = GatewayRegistry(store, lambda: None)
    desk = await registry.add(MADE)
    with pytest.raises(UnicodeEncodeError):
        async with asyncio.timeout(30):
            await registry.update(desk.id, lambda one: msgspec.structs.replace(one, name="\ud800"))
    assert registry.gateways == (desk,)
    await registry.close()


async def test_damaged_or_unreadable_file_is_reported(store: GatewayStore) -> None:
    store.file.write_text("{")
    registry = GatewayRegistry(store, lambda: None)
    registry.read()
    assert problem_of(registry) == Note("gateways-damaged", {"file": f"{store.file}.damaged"})
    await registry.add(MADE)
    assert problem_of(registry) is None and len(registry.gateways) == 1
    store.file.unlink()
    store.file.mkdir()
    registry.read()
    assert problem_of(registry) == Note("gateways-not-kept")
    await registry.close()
