"""Events on the bus of IBus are noticed."""

from collections.abc import AsyncIterator

import pytest

from app.insertion.ibus.own_engine import OwnEngine
from app.insertion.ibus.values import ENGINE
from app.insertion.ibus.watch import IBusWatch
from tests.helpers.fake_ibus import FakeIBus
from tests.helpers.message_bus import RunningBus


@pytest.fixture
async def watch(daemon: FakeIBus, bus: RunningBus) -> AsyncIterator[IBusWatch]:
    """Return a connection to the fake daemon."""
    watch = await IBusWatch.open(bus.address)
    yield watch
    await watch.close()


async def test_engine_is_that_of_the_daemon(daemon: FakeIBus, watch: IBusWatch) -> None:
    assert await watch.engine() == "xkb:us::eng"
    assert await watch.use("libpinyin")
    assert await watch.engine() == daemon.engine == "libpinyin"
    daemon.engine = ""
    assert await watch.engine() == ""


async def test_moves_of_the_focus_are_counted(daemon: FakeIBus, watch: IBusWatch) -> None:
    await watch.engine()
    await daemon.move_focus()
    await watch.engine()
    assert watch.moves == 2
    await watch.settled()


async def test_composition_is_known_without_its_text(daemon: FakeIBus, watch: IBusWatch) -> None:
    daemon.show("UpdatePreeditText", "secret")
    assert not await watch.composed(0.1)
    assert "secret" not in repr(vars(watch)) + repr(vars(watch._compositions))
    daemon.show("UpdatePreeditText", "")
    assert await watch.composed(5)


async def test_end_of_our_engine_takes_the_global_one_away(
    daemon: FakeIBus, watch: IBusWatch, bus: RunningBus
) -> None:
    engine = await OwnEngine.open(bus.address)
    assert await watch.use(ENGINE)
    await engine.focused(5)
    await engine.close()
    await watch.own_engine_gone()
    assert await watch.engine() == ""
