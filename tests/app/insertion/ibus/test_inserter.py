"""Insertion through IBus: the text arrives once or is held, and the user's engine is used again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.bus.errors import BusSilent
from app.insertion.errors import ScreenGone
from app.insertion.ibus.inserter import IBusInserter, IBusMissing, KeptEngine, pieces
from app.insertion.ibus.own_engine import OwnEngine
from app.insertion.ibus.values import NO_CLIENT, XIM
from app.insertion.ibus.watch import IBusWatch
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.plan import Rules
from tests.helpers.fake_ibus import CONTEXT, FakeIBus
from tests.helpers.message_bus import RunningBus

TYPED = Insertion(InsertionResult.TYPED)
TARGET = Target(7, "editor")
TEXT = "Hello 你好 — naïve 😀"


@dataclass
class Insertions:
    """Inserter with the fake daemon to which it is connected."""

    daemon: FakeIBus
    kept: Path
    focused: Target = TARGET
    pressed: list[Target] = field(default_factory=list)
    inserter: IBusInserter = field(init=False)

    async def open(self) -> None:
        """Connect the inserter to the daemon."""
        environment = {"IBUS_ADDRESS": self.daemon.address}
        self.inserter = await IBusInserter.open(environment, self.kept)
        self.inserter.focus = self
        self.inserter.pressing = self.pressed.append

    async def target(self) -> Target:
        """Return the focused window."""
        return self.focused

    async def close(self) -> None:
        """Do nothing: it is no connection."""

    async def insert(self, text: str = TEXT, target: Target = TARGET) -> Insertion:
        """Insert a text through the inserter."""
        return await self.inserter.insert(text, target, Rules())


@pytest.fixture
async def ibus(daemon: FakeIBus, tmp_path: Path) -> AsyncIterator[Insertions]:
    """Connect an inserter to the fake daemon."""
    insertions = Insertions(daemon, tmp_path / "engine")
    await insertions.open()
    yield insertions
    await insertions.inserter.close()


async def test_text_arrives_and_the_engine_is_given_back(ibus: Insertions) -> None:
    assert await ibus.insert() == TYPED
    assert ibus.daemon.committed == [TEXT] == [ibus.daemon.text]
    assert ibus.daemon.engine == "xkb:us::eng"
    assert ibus.pressed == [TARGET]
    assert not ibus.kept.exists()


async def test_engine_is_given_back_although_the_insertion_is_cancelled_again(ibus: Insertions) -> None:
    """A helper that ends cancels every half second, and IBus may need longer."""
    begun = asyncio.Event()

    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    ibus.daemon.focusing = wait
    inserting = asyncio.create_task(ibus.insert())
    await begun.wait()
    for _ in range(3):
        inserting.cancel()
        await asyncio.sleep(0)
    await asyncio.wait({inserting})
    assert inserting.cancelled() and ibus.daemon.committed == []
    assert ibus.daemon.engine == "xkb:us::eng"
    assert not ibus.kept.exists()


async def test_connection_ends_when_ibus_does_not_answer(
    daemon: FakeIBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watches = list[IBusWatch]()

    async def silent(watch: IBusWatch) -> str:
        watches.append(watch)
        raise BusSilent("IBus")

    monkeypatch.setattr(IBusWatch, "engine", silent)
    KeptEngine(tmp_path / "engine").keep("xkb:de::ger")
    with pytest.raises(IBusMissing):
        await IBusInserter.open({"IBUS_ADDRESS": daemon.address}, tmp_path / "engine")
    assert watches[0].gone.is_set()


async def test_texts_arrive_in_order_even_if_they_are_equal(ibus: Insertions) -> None:
    results = [await ibus.insert("same ") for _ in range(5)]
    assert results == [TYPED] * 5
    assert ibus.daemon.text == "same " * 5


async def test_field_that_reports_only_its_cursor_is_enough(ibus: Insertions) -> None:
    ibus.daemon.capabilities = 9
    assert await ibus.insert() == TYPED


async def test_field_that_reports_nothing_leaves_the_text_uncertain(ibus: Insertions) -> None:
    ibus.daemon.hears = False
    assert await ibus.insert() == held_insertion(HoldReason.UNCERTAIN)
    assert ibus.daemon.committed == [TEXT]
    assert ibus.daemon.engine == "xkb:us::eng"


async def test_text_is_held_when_no_field_has_the_focus(ibus: Insertions) -> None:
    ibus.daemon.client = NO_CLIENT
    assert await ibus.insert() == held_insertion(HoldReason.NO_TARGET)
    assert (ibus.daemon.committed, ibus.pressed) == ([], [])
    assert ibus.daemon.engine == "xkb:us::eng"


@pytest.mark.parametrize("purpose", [8, 9])
async def test_password_field_gets_nothing(ibus: Insertions, purpose: int) -> None:
    ibus.daemon.purpose = purpose
    assert await ibus.insert() == held_insertion(HoldReason.PASSWORD)
    assert ibus.daemon.committed == []


async def test_terminal_gets_spaces_for_line_breaks(ibus: Insertions) -> None:
    ibus.daemon.purpose = 10
    assert await ibus.insert("a\nb") == TYPED
    assert ibus.daemon.text == "a b"


async def test_other_window_gets_nothing(ibus: Insertions) -> None:
    assert await ibus.insert(target=Target(8)) == held_insertion(HoldReason.FOCUS_MOVED)
    assert ibus.daemon.engines == []


async def test_focus_that_moves_before_the_commit_holds_the_text(ibus: Insertions) -> None:
    ibus.daemon.focusing = ibus.daemon.move_focus
    assert await ibus.insert() == held_insertion(HoldReason.FOCUS_MOVED)
    assert (ibus.daemon.committed, ibus.pressed) == ([], [])


@pytest.mark.parametrize("client", ["gtk4-im", XIM])
@pytest.mark.parametrize("leaves", [True, False], ids=["leaves", "moves"])
async def test_rest_of_a_text_is_held_when_the_focus_moves_between_its_pieces(
    ibus: Insertions, client: str, leaves: bool
) -> None:
    """IBus passes our engine's commits on to whichever field has the focus."""

    async def move() -> None:
        if leaves:
            await ibus.daemon.call("FocusOutId", "o", CONTEXT)
        else:
            await ibus.daemon.move_focus()

    ibus.daemon.client, ibus.daemon.taken = client, move
    text = "word " * 2_000
    first, *others = pieces(text, xim=client == XIM)
    insertion = await ibus.insert(text)
    assert ibus.daemon.committed == [first]
    assert insertion.how is InsertionResult.HELD
    assert insertion.rest in ("".join(others), ""), "the first piece may be uncertain"


@pytest.mark.parametrize("arrived", [0, 1])
async def test_piece_that_xim_has_not_confirmed_is_uncertain_when_the_focus_moves(
    ibus: Insertions, arrived: int
) -> None:
    """While the focus stays, such a piece counts as arrived: at the end of a line, a terminal confirms none."""

    async def move() -> None:
        if len(ibus.daemon.committed) > arrived:
            ibus.daemon.hears = False
            await ibus.daemon.move_focus()

    ibus.daemon.client, ibus.daemon.taken = XIM, move
    ibus.daemon.capabilities = 9  # no text around the cursor
    parts = pieces("word " * 100, xim=True)
    rest = "".join(parts[arrived:]) if arrived else ""  # empty: the whole text
    assert await ibus.insert("".join(parts)) == held_insertion(HoldReason.UNCERTAIN, rest)
    assert ibus.daemon.committed == parts[: arrived + 1]


@pytest.mark.parametrize("member", ["UpdatePreeditText", "UpdateAuxiliaryText"])
async def test_unfinished_composition_holds_the_text(
    ibus: Insertions, member: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.insertion.ibus.inserter.COMPOSING_S", 0.3)
    ibus.daemon.show(member, "ni")
    assert await ibus.insert() == held_insertion(HoldReason.COMPOSING)
    assert (ibus.daemon.committed, ibus.daemon.engines) == ([], [])


async def test_text_waits_for_the_end_of_a_composition(ibus: Insertions) -> None:
    ibus.daemon.show("UpdatePreeditText", "ni")
    inserting = asyncio.ensure_future(ibus.insert())
    ibus.daemon.show("UpdatePreeditText", "")
    assert await inserting == TYPED


async def test_engine_with_an_unknown_composition_waits_until_it_reports(
    ibus: Insertions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.insertion.ibus.inserter.COMPOSING_S", 0.3)
    ibus.daemon.engine = "libpinyin"
    assert await ibus.insert() == held_insertion(HoldReason.COMPOSING)
    await ibus.daemon.move_focus()
    assert await ibus.insert() == TYPED
    assert ibus.daemon.engine == "libpinyin"


async def test_engine_that_the_user_chooses_meanwhile_stays(ibus: Insertions) -> None:
    async def choose() -> None:
        ibus.daemon.engine = "libpinyin"

    ibus.daemon.focusing = choose
    assert await ibus.insert() == TYPED
    assert ibus.daemon.engine == "libpinyin"


async def test_engine_of_a_killed_process_is_given_back(ibus: Insertions) -> None:
    await ibus.inserter.close()
    ibus.daemon.engine = ""
    ibus.kept.write_text("libpinyin")
    await ibus.open()
    assert ibus.daemon.engine == "libpinyin"
    assert not ibus.kept.exists()


async def test_engine_that_works_is_left_alone_by_the_next_process(ibus: Insertions) -> None:
    await ibus.inserter.close()
    ibus.kept.write_text("libpinyin")
    await ibus.open()
    assert ibus.daemon.engine == "xkb:us::eng"


async def test_engine_that_could_not_be_given_back_is_given_back_later(ibus: Insertions) -> None:
    ibus.daemon.refuses = True
    assert await ibus.insert() == TYPED
    assert ibus.daemon.engine == ""
    assert ibus.kept.read_text() == "xkb:us::eng"
    ibus.daemon.refuses = False
    assert await ibus.insert() == TYPED
    assert ibus.daemon.engine == "xkb:us::eng"


async def test_silent_ibus_gets_no_text(ibus: Insertions, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(address: str) -> OwnEngine:
        raise BusSilent("no answer")

    monkeypatch.setattr(OwnEngine, "open", silent)
    assert await ibus.insert() == held_insertion(HoldReason.TARGET_UNKNOWN)
    assert ibus.daemon.engine == "xkb:us::eng"


async def test_end_of_ibus_is_reported(ibus: Insertions, bus: RunningBus) -> None:
    async def end() -> None:
        bus.end()

    ibus.daemon.focusing = end
    with pytest.raises(ScreenGone):
        await ibus.insert()
    assert ibus.pressed == []


async def test_missing_ibus_is_reported(tmp_path: Path) -> None:
    with pytest.raises(IBusMissing, match="no IBus"):
        await IBusInserter.open({}, tmp_path / "engine")
    with pytest.raises(IBusMissing, match="does not answer"):
        await IBusInserter.open({"IBUS_ADDRESS": "unix:path=/nonexistent"}, tmp_path / "engine")


async def test_old_program_of_x11_gets_no_marks(ibus: Insertions) -> None:
    ibus.daemon.client = "xim"
    assert await ibus.insert("e\u0301") == held_insertion(HoldReason.NOT_READ)
    assert await ibus.insert("é" * 250) == TYPED
    assert [len(text) for text in ibus.daemon.committed] == [100, 100, 50]


def test_name_is_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    place = tmp_path / "engine"
    KeptEngine(place).keep("libpinyin")
    assert KeptEngine(place).read() == "libpinyin"
    KeptEngine(place).forget()
    KeptEngine(place).forget()
    assert KeptEngine(place).read() == ""
    assert not place.exists()


def test_broken_file_counts_as_none(tmp_path: Path) -> None:
    place = tmp_path / "engine"
    place.write_bytes(b"\xff\xfe")
    assert KeptEngine(place).read() == ""
