"""Tests that the outcome of every text is reported and recorded, whatever the desktop does."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.area import Area
from app.dictation import text_inserter
from app.dictation.delivery_log import DeliveryLog
from app.dictation.insertion_queue import ReadyTexts, SegmentId
from app.dictation.messages import (
    Event,
    FindFocusedWindow,
    FindTarget,
    FocusedWindow,
    InsertionEnded,
    InsertText,
    Leave,
    TargetFound,
)
from app.dictation.text_inserter import InsertionMeans, TextInserter
from app.insertion.outcome import (
    HoldReason,
    Insertion,
    InsertionResult,
    Target,
    TextPlace,
    held_insertion,
)
from app.journal.library import Library
from runtime.tasks import Tasks
from tests.app.dictation.world import WINDOW, FakeCopier, FakeInserter
from tests.helpers.waiting import wait_until

OURS = Target(9, "kikipounamu", own=True)


def ordered(target: Target | None = WINDOW, *, pasted: bool = False) -> ReadyTexts:
    return ReadyTexts((SegmentId(1, 0),), ("kia ora",), "kia ora", target, pasted)


class Broken(FakeInserter):
    """Fake inserter whose every call fails."""

    async def target(self) -> Target | None:
        raise RuntimeError("no focus")

    async def insert(self, text: str, target: Target | None) -> Insertion:
        raise RuntimeError("no keys")


class Texts:
    """A ``TextInserter`` and the events it reported."""

    def __init__(self, root: Path, inserter: FakeInserter, tasks: Tasks, copier: FakeCopier | None = None) -> None:
        self.told: list[Event] = []
        self.inserter = inserter
        self.work = TextInserter(
            InsertionMeans(inserter, copier), DeliveryLog(Library(root)), self.told.append, tasks
        )

    async def tells(self, event: Event) -> None:
        await wait_until(lambda: event in self.told, f"{event} is told, not {self.told}")


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    async with Tasks("test") as tasks:
        yield tasks


async def test_inserter_performs_only_effects_on_texts(tmp_path: Path, tasks: Tasks) -> None:
    texts = Texts(tmp_path, FakeInserter(), tasks)
    assert not texts.work.perform(Leave())
    effects = (FindTarget(1, 0), FindFocusedWindow(1), InsertText(ordered()))
    assert all(texts.work.perform(effect) for effect in effects)
    await texts.tells(TargetFound(1, WINDOW, 0))
    await texts.tells(FocusedWindow(1, WINDOW))
    await texts.tells(InsertionEnded(Insertion(InsertionResult.TYPED)))
    assert texts.inserter.texts == [("kia ora", WINDOW)]


async def test_text_is_held_as_uncertain_when_desktop_fails(tmp_path: Path, tasks: Tasks) -> None:
    texts = Texts(tmp_path, Broken(), tasks)
    texts.work.find_target(1)
    await texts.tells(TargetFound(1, None))
    texts.work.perform(InsertText(ordered()))
    await texts.tells(InsertionEnded(held_insertion(HoldReason.UNCERTAIN)))


def stand_still() -> None:
    """Block the event loop past the deadline."""
    time.sleep(0.01)


class StandsStill(FakeInserter):
    """Fake inserter in a process that is stopped past the deadline, while the text arrives."""

    async def insert(self, text: str, target: Target | None) -> Insertion:
        stand_still()
        for _ in range(3):  # the answer is read in the next turns of the loop
            await asyncio.sleep(0)
        return await super().insert(text, target)


async def test_text_that_arrived_while_process_stood_still_is_not_held(
    tmp_path: Path, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_inserter, "_INSERT_S", 0.001)
    monkeypatch.setattr(text_inserter, "_PER_CHARACTER_S", 0.0)
    texts = Texts(tmp_path, StandsStill(), tasks)
    texts.work.perform(InsertText(ordered()))
    await texts.tells(InsertionEnded(Insertion(InsertionResult.TYPED)))


async def test_outcome_is_unknown_when_desktop_does_not_answer(
    tmp_path: Path, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(FakeInserter):
        async def insert(self, text: str, target: Target | None) -> Insertion:
            await asyncio.Event().wait()
            raise AssertionError

    for name in ("_INSERT_S", "_PER_CHARACTER_S", "_CATCH_UP_S"):
        monkeypatch.setattr(text_inserter, name, 0.001)
    texts = Texts(tmp_path, Silent(), tasks)
    texts.work.perform(InsertText(ordered()))
    await texts.tells(InsertionEnded(held_insertion(HoldReason.UNCERTAIN)))


async def test_place_of_text_is_known_for_newest_take_after_its_target(tmp_path: Path, tasks: Tasks) -> None:
    place, events, inserter = TextPlace(Area(1, 2, 3, 4)), list[Event](), FakeInserter()
    found = {1: asyncio.Event(), 2: asyncio.Event()}
    asked = list[asyncio.Event]()

    async def find(target: Target) -> TextPlace | None:
        asked.append(found[len(asked) + 1])
        await asked[-1].wait()
        return place

    seen = list[Target]()
    means = InsertionMeans(inserter, None, find, seen=seen.append)
    work = TextInserter(means, DeliveryLog(Library(tmp_path)), events.append, tasks)
    work.find_target(1)
    await wait_until(lambda: asked, "the place is looked for")
    assert events == [TargetFound(1, WINDOW)] and work.places == {}, "no text waits for the place"
    work.find_target(2)
    await wait_until(lambda: len(asked) == 2, "that of the next take too")
    found[2].set()
    await wait_until(lambda: work.places == {2: place}, "the place is known")
    found[1].set()
    await asyncio.sleep(0)
    assert work.places == {2: place}
    inserter.focus = None
    work.find_target(3)
    await wait_until(lambda: not work.places, "without a window there is no place")
    assert seen == [WINDOW, WINDOW]


@pytest.mark.parametrize(
    ("target", "reason"), [(OURS, HoldReason.NO_FIELD), (WINDOW, HoldReason.NOT_READ)], ids=["own", "other"]
)
async def test_own_window_that_reads_nothing_has_no_field_in_focus(
    tmp_path: Path, tasks: Tasks, target: Target, reason: HoldReason
) -> None:
    class NotRead(FakeInserter):
        async def insert(self, text: str, target: Target | None) -> Insertion:
            return held_insertion(HoldReason.NOT_READ)

    texts = Texts(tmp_path, NotRead(), tasks)
    texts.work.perform(InsertText(ordered(target)))
    await texts.tells(InsertionEnded(held_insertion(reason)))


class Refusing(DeliveryLog):
    """A log whose disk accepts nothing."""

    async def inserting(self, pieces: tuple[SegmentId, ...], program: str = "") -> bool:
        return False


@pytest.mark.parametrize(
    ("pasted", "outcome"),
    [(False, held_insertion(HoldReason.UNRECORDED)), (True, Insertion(InsertionResult.TYPED))],
    ids=["not asked for", "pasted"],
)
async def test_text_is_held_when_disk_does_not_take_that_its_insertion_begins(
    tmp_path: Path, tasks: Tasks, pasted: bool, outcome: Insertion
) -> None:
    told = list[Event]()
    work = TextInserter(InsertionMeans(FakeInserter()), Refusing(Library(tmp_path)), told.append, tasks)
    work.perform(InsertText(ordered(pasted=pasted)))
    await wait_until(lambda: told, "the outcome")
    assert told == [InsertionEnded(outcome)]


class Edited(DeliveryLog):
    """A log of texts that the user edited."""

    edit = "Kia ora!\n"

    async def edited_text(self, pieces: Iterable[SegmentId], texts: Iterable[str]) -> str | None:
        return self.edit


class Deleted(Edited):
    """A log of texts that the user deleted."""

    edit = ""


@pytest.mark.parametrize(
    ("texts", "inserted"),
    [(ordered(pasted=True), "Kia ora!"), (ordered(), "kia ora")],
    ids=["pasted", "not pasted"],
)
async def test_pasted_text_is_pasted_as_edited(
    tmp_path: Path, tasks: Tasks, texts: ReadyTexts, inserted: str
) -> None:
    inserter, told = FakeInserter(), list[Event]()
    work = TextInserter(InsertionMeans(inserter), Edited(Library(tmp_path)), told.append, tasks)
    work.perform(InsertText(replace(texts, text=f" {texts.text}")))
    await wait_until(lambda: told, "the outcome")
    assert inserter.texts == [(f" {inserted}", WINDOW)]


async def test_text_that_the_user_deleted_is_not_pasted(tmp_path: Path, tasks: Tasks) -> None:
    inserter, told = FakeInserter(), list[Event]()
    work = TextInserter(InsertionMeans(inserter), Deleted(Library(tmp_path)), told.append, tasks)
    work.perform(InsertText(ordered(pasted=True)))
    await wait_until(lambda: told, "the outcome")
    assert not inserter.texts and told == [InsertionEnded(Insertion(InsertionResult.PASTED))]


@pytest.mark.parametrize(("rest", "held_rest", "edited"), [("ora!", "ora!", "Kia ora!"), ("Kia ora!", "", "")])
async def test_edited_text_that_arrived_partly_is_reported_with_its_rest(
    tmp_path: Path, tasks: Tasks, rest: str, held_rest: str, edited: str
) -> None:
    class Partly(FakeInserter):
        async def insert(self, text: str, target: Target | None) -> Insertion:
            return held_insertion(HoldReason.PARTLY_TYPED, rest)

    told = list[Event]()
    work = TextInserter(InsertionMeans(Partly()), Edited(Library(tmp_path)), told.append, tasks)
    work.perform(InsertText(ordered(pasted=True)))
    await wait_until(lambda: told, "the outcome")
    assert told == [InsertionEnded(Insertion(InsertionResult.HELD, HoldReason.PARTLY_TYPED, held_rest, edited))]


@pytest.mark.parametrize("target", [None, OURS])
async def test_text_is_copied_when_no_other_window_has_focus(
    target: Target | None, tmp_path: Path, tasks: Tasks
) -> None:
    inserter, copies = FakeInserter(focus=target), FakeCopier()
    texts = Texts(tmp_path, inserter, tasks, copies)
    texts.work.perform(FindFocusedWindow(1))
    await texts.tells(FocusedWindow(1, target))
    texts.work.perform(InsertText(ordered(target, pasted=True)))
    await texts.tells(InsertionEnded(Insertion(InsertionResult.COPIED)))
    assert (copies.text, inserter.asked) == ("kia ora", 0)


async def test_text_is_copied_on_request_where_the_desktop_lets_programs_insert_nothing(
    tmp_path: Path, tasks: Tasks
) -> None:
    """KDE without its portal: the focused window is known, but no program may press a key."""

    class Keyless(FakeInserter):
        async def insert(self, text: str, target: Target | None) -> Insertion:
            return held_insertion(HoldReason.TARGET_UNKNOWN)

    copies = FakeCopier()
    texts = Texts(tmp_path, Keyless(), tasks, copies)
    texts.work.perform(InsertText(ordered()))
    await texts.tells(InsertionEnded(held_insertion(HoldReason.TARGET_UNKNOWN)))
    assert copies.text == "", "the clipboard is the user's until a text is asked for"
    texts.work.perform(InsertText(ordered(pasted=True)))
    await texts.tells(InsertionEnded(Insertion(InsertionResult.COPIED)))
    assert copies.text == "kia ora"


async def test_focused_window_is_looked_for_until_menu_releases_focus(tmp_path: Path, tasks: Tasks) -> None:
    inserter = FakeInserter(focus=None)
    texts = Texts(tmp_path, inserter, tasks)
    texts.work.perform(FindFocusedWindow(1))
    await asyncio.sleep(0)
    inserter.focus = WINDOW
    await texts.tells(FocusedWindow(1, WINDOW))
    assert texts.told == [FocusedWindow(1, WINDOW)]


@pytest.mark.parametrize(
    ("insert", "copier", "outcome"),
    [
        (ordered(pasted=True), FakeCopier(), Insertion(InsertionResult.TYPED)),
        (
            ordered(OURS),
            FakeCopier(),
            Insertion(InsertionResult.TYPED),
        ),  # dictated into a text field of our own window
        (ordered(OURS, pasted=True), FakeCopier(works=False), held_insertion(HoldReason.NO_TARGET)),
        (ordered(OURS, pasted=True), None, held_insertion(HoldReason.NO_TARGET)),
        (ordered(None, pasted=True), FakeCopier(works=False), Insertion(InsertionResult.HELD, "focus-moved")),
    ],
)
async def test_text_is_not_copied_in_other_cases(
    insert: ReadyTexts, copier: FakeCopier | None, outcome: Insertion, tmp_path: Path, tasks: Tasks
) -> None:
    inserter = FakeInserter(focus=insert.target or WINDOW)
    texts = Texts(tmp_path, inserter, tasks, copier)
    texts.work.perform(InsertText(insert))
    await texts.tells(InsertionEnded(outcome))
    assert copier is None or copier.text == ""


async def test_until_recorded_waits_for_pending_records(tmp_path: Path, tasks: Tasks) -> None:
    texts, done = Texts(tmp_path, FakeInserter(), tasks), list[str]()

    async def write() -> None:
        done.append("written")

    await texts.work.until_recorded()
    texts.work.record(write())
    await texts.work.until_recorded()
    assert done == ["written"]
