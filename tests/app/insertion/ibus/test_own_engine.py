"""Our engine learns where the focus is, and whether a text has arrived."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest

from app.bus.connection import BusConnection, BusObject
from app.bus.errors import BusRefused
from app.insertion.ibus import own_engine
from app.insertion.ibus.own_engine import OwnEngine
from app.insertion.ibus.values import ENGINE, ENGINES, IBUS, text_value
from tests.helpers.desktop import PATIENT_S
from tests.helpers.fake_ibus import FakeIBus
from tests.helpers.message_bus import RunningBus

PATH = "/org/freedesktop/IBus/Engine/Kikipounamu"


@pytest.fixture
async def engine(daemon: FakeIBus, bus: RunningBus) -> AsyncIterator[OwnEngine]:
    """Return our engine, registered but not in use."""
    engine = await OwnEngine.open(bus.address)
    yield engine
    await engine.close()


async def use(daemon: FakeIBus) -> None:
    """Make our engine the global one."""
    await daemon.bus.call(BusObject(daemon.bus.name, IBUS.path, IBUS.interface), "SetGlobalEngine", "s", ENGINE)


async def test_focus_is_known_with_its_client_and_purpose(daemon: FakeIBus, engine: OwnEngine) -> None:
    daemon.purpose = 10
    assert not await engine.until_focused(0.05)
    await use(daemon)
    assert await engine.until_focused(5)
    assert (engine.client, engine.purpose, engine.left) == ("gnome-shell", 10, False)


async def test_text_that_was_there_before_is_no_proof(daemon: FakeIBus, engine: OwnEngine) -> None:
    daemon.text, daemon.hears = "same", False
    await use(daemon)
    await engine.until_focused(5)
    await engine.until_text_known()
    engine.commit("same")
    assert not await engine.until_arrived(0.2)


async def test_field_that_loses_the_focus_ends_the_wait(daemon: FakeIBus, engine: OwnEngine) -> None:
    daemon.hears = False
    await use(daemon)
    await engine.until_focused(5)
    engine.commit("text")
    await daemon.call("FocusOutId", "o", "/context")
    assert not await engine.until_arrived(60)
    assert engine.left


async def test_other_objects_and_engines_are_refused(daemon: FakeIBus, engine: OwnEngine) -> None:
    await use(daemon)
    await engine.until_focused(5)
    factory = BusObject(daemon.owner, "/org/freedesktop/IBus/Factory", "org.freedesktop.IBus.Factory")
    with pytest.raises(BusRefused):
        await daemon.bus.call(factory, "CreateEngine", "s", "other")
    with pytest.raises(BusRefused):
        await daemon.bus.call(BusObject(daemon.owner, "/other", ENGINES), "FocusIn")
    properties = BusObject(daemon.owner, PATH, "org.freedesktop.DBus.Properties")
    with pytest.raises(BusRefused):
        await daemon.bus.call(properties, "Get", "ss", ENGINES, "Other")
    (wanted,) = await daemon.bus.call(properties, "GetAll", "s", ENGINES)
    assert wanted == {"FocusId": True, "ActiveSurroundingText": True}


async def test_text_around_the_cursor_is_compared_up_to_the_cursor(daemon: FakeIBus, engine: OwnEngine) -> None:
    daemon.hears = False
    await use(daemon)
    await engine.until_focused(5)
    await engine.until_text_known()
    engine.commit("ab")
    await daemon.call("SetSurroundingText", "vuu", text_value("xxab"), 2, 2)
    assert not await engine.until_arrived(0.05)
    await daemon.call("SetSurroundingText", "vuu", text_value("xxab"), 4, 4)
    assert await engine.until_arrived(5)


@pytest.mark.parametrize(("first", "proves"), [("xx", False), ("xxab", True)])
async def test_first_text_that_is_reported_after_the_commit_proves_it_if_it_has_it(
    daemon: FakeIBus, engine: OwnEngine, first: str, proves: bool
) -> None:
    """GNOME Shell may report no text before the commit, and the cursor at the end of a full line does not move."""
    daemon.capabilities, daemon.hears = 9, False
    await use(daemon)
    await engine.until_focused(5)
    engine.commit("ab")
    await daemon.call("SetSurroundingText", "vuu", text_value(first), len(first), len(first))
    assert await engine.until_arrived(5 if proves else 0.05) is proves


async def test_two_connections_can_register_one_after_the_other(daemon: FakeIBus, bus: RunningBus) -> None:
    owners = set[str]()
    for _ in range(2):
        async with await BusConnection.open(bus.address):
            engine = await OwnEngine.open(bus.address)
            owners.add(daemon.owner)
            await engine.close()
            await engine.close()
    assert len(owners) == 2


async def test_client_whose_cursor_runs_does_not_stop_the_text(
    daemon: FakeIBus, engine: OwnEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_engine, "_QUIET_S", PATIENT_S)  # so that a busy computer makes no pause in the reports

    async def run() -> None:
        for place in count():
            await daemon.call("SetCursorLocation", "iiii", place, 0, 1, 1)

    await use(daemon)
    await engine.until_focused(5)
    running = asyncio.create_task(run())
    async with asyncio.timeout(PATIENT_S):
        await engine.until_quiet()
    running.cancel()
