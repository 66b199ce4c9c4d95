"""Texts at work: whatever the desktop does, somebody is told what came of a text, and the journals know."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.capture.library import Library
from app.dictation_events import Aim, Aimed, AimHere, Event, Here, Insert, InsertionEnded, Leave
from app.insertion.outcome import How, Insertion, Reason, Target, held
from app.ledger import Ledger
from app.spoken_order import Ordered, Piece
from app.text_work import TextWork
from runtime.tasks import Tasks
from tests.app.dictating_world import WINDOW, FakeInserter
from tests.helpers.waiting import wait_until


class Broken(FakeInserter):
    """The desktop's programming interface fails."""

    async def target(self) -> Target | None:
        raise RuntimeError("no focus")

    async def insert(self, text: str, target: Target | None) -> Insertion:
        raise RuntimeError("no keys")


class Texts:
    """One ``TextWork`` and what it told."""

    def __init__(self, root: Path, inserter: FakeInserter, tasks: Tasks) -> None:
        self.told: list[Event] = []
        self.inserter = inserter
        self.work = TextWork(inserter, Ledger(Library(root)), self.told.append, tasks)

    async def tells(self, event: Event) -> None:
        await wait_until(lambda: event in self.told, f"{event} is told, not {self.told}")


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    async with Tasks("test") as tasks:
        yield tasks


def ordered(target: Target | None = WINDOW, *, pasted: bool = False) -> Ordered:
    return Ordered((Piece(1, 0),), ("kia ora",), "kia ora", target, pasted)


async def test_it_does_what_is_asked_about_texts_alone(tmp_path: Path, tasks: Tasks) -> None:
    texts = Texts(tmp_path, FakeInserter(), tasks)
    assert not texts.work.perform(Leave())
    assert all(texts.work.perform(effect) for effect in (Aim(1, 0), AimHere(), Insert(ordered())))
    await texts.tells(Aimed(1, WINDOW, 0))
    await texts.tells(Here(WINDOW))
    await texts.tells(InsertionEnded(Insertion(How.TYPED)))
    assert texts.inserter.texts == [("kia ora", WINDOW)]


async def test_a_desktop_that_fails_holds_the_text(tmp_path: Path, tasks: Tasks) -> None:
    texts = Texts(tmp_path, Broken(), tasks)
    texts.work.aim(1)
    await texts.tells(Aimed(1, None))
    texts.work.perform(Insert(ordered()))
    await texts.tells(InsertionEnded(held(Reason.NOT_READ)))


async def test_what_became_of_texts_is_waited_for(tmp_path: Path, tasks: Tasks) -> None:
    texts, done = Texts(tmp_path, FakeInserter(), tasks), list[str]()

    async def write() -> None:
        done.append("written")

    await texts.work.noted()
    texts.work.note(write())
    await texts.work.noted()
    assert done == ["written"]
