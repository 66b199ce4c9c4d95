"""Events on the bus of IBus are noticed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.insertion.ibus.own_engine import OwnEngine
from app.insertion.ibus.values import ENGINE
from app.insertion.ibus.watch import Compositions, IBusWatch
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
    await watch.until_settled()


async def test_composition_is_known_without_its_text(daemon: FakeIBus, watch: IBusWatch) -> None:
    daemon.show("UpdatePreeditText", "secret")
    assert not await watch.until_composed(0.1)
    assert "secret" not in repr(vars(watch)) + repr(vars(watch._compositions))
    daemon.show("UpdatePreeditText", "")
    assert await watch.until_composed(5)


async def test_end_of_our_engine_takes_the_global_one_away(
    daemon: FakeIBus, watch: IBusWatch, bus: RunningBus
) -> None:
    engine = await OwnEngine.open(bus.address)
    assert await watch.use(ENGINE)
    await engine.until_focused(5)
    await engine.close()
    await watch.until_own_engine_gone()
    assert await watch.engine() == ""


PATH = "/engine/1"


def text(characters: str) -> tuple[Any, ...]:
    """Return a text as it is received."""
    return ("IBusText", {}, characters, ())


def shown(characters: str, *, visible: bool = True) -> tuple[Any, ...]:
    """Return the values with which an engine shows a preedit text."""
    return text(characters), 0, visible, 0


def composing(*told: tuple[str, str, tuple[Any, ...]]) -> Compositions:
    """Return what is known after this."""
    compositions = Compositions()
    for engine, member, values in told:
        compositions.record(engine, member, values)
    return compositions


@pytest.mark.parametrize(
    ("member", "values", "is_open"),
    [
        ("UpdatePreeditText", shown("ni"), True),
        ("UpdatePreeditText", shown(""), False),
        ("UpdatePreeditText", shown("ni", visible=False), False),
        ("UpdatePreeditText", (), False),
        ("UpdateAuxiliaryText", (text("ni |"), True), True),
        ("UpdateAuxiliaryText", (text("ni |"), False), False),
        ("HidePreeditText", (), False),
        ("UpdateLookupTable", (("IBusLookupTable",), True), False),
    ],
)
def test_visible_text_of_an_engine_is_a_composition(member: str, values: tuple[Any, ...], is_open: bool) -> None:
    assert composing((PATH, member, values)).may_be_open("libpinyin") == is_open


@pytest.mark.parametrize("last", [("UpdatePreeditText", shown("")), ("HidePreeditText", ())])
def test_composition_ends_when_its_text_is_gone(last: tuple[str, tuple[Any, ...]]) -> None:
    assert not composing((PATH, "UpdatePreeditText", shown("ni")), (PATH, *last)).may_be_open("libpinyin")


def test_composition_is_open_while_one_of_two_texts_shows() -> None:
    auxiliary = (PATH, "UpdateAuxiliaryText", (text("ni"), True))
    both = composing((PATH, "UpdatePreeditText", shown("ni")), auxiliary, (PATH, "HidePreeditText", ()))
    assert both.may_be_open("libpinyin")
    both.record(PATH, "HideAuxiliaryText", ())
    assert not both.may_be_open("libpinyin")


def test_accent_of_a_keyboard_layout_is_a_composition_too() -> None:
    assert composing((PATH, "UpdatePreeditText", shown("´"))).may_be_open("xkb:de::ger")


def test_field_that_loses_the_focus_ends_compositions() -> None:
    compositions = composing((PATH, "UpdatePreeditText", shown("ni")))
    compositions.end_all()
    assert not compositions.may_be_open("libpinyin")


def test_input_method_is_unknown_at_first() -> None:
    assert Compositions().may_be_open("libpinyin")
    assert not Compositions().may_be_open("xkb:us::eng")
    assert not composing((PATH, "HidePreeditText", ())).may_be_open("libpinyin")
