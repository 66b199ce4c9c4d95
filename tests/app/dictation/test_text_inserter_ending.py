"""Tests that outcomes of texts are recorded although the app ends while a slow disk is at work."""

import asyncio
import threading
from pathlib import Path
from uuid import UUID

import pytest

from app.dictation.delivery_log import DeliveryLog
from app.dictation.insertion_queue import ReadyTexts, SegmentId
from app.dictation.messages import (
    CancelTake,
    Effect,
    Event,
    InsertionEnded,
    InsertText,
    RecordDismissed,
    RecordHeld,
    RecordInserted,
)
from app.dictation.text_inserter import InsertionMeans, TextInserter
from app.insertion.outcome import Insertion, InsertionResult
from app.journal.journal import Journal
from app.journal.library import Library
from runtime.tasks import Tasks
from tests.app.dictation.world import WINDOW, FakeInserter
from tests.helpers.takes import recognised_take
from tests.helpers.waiting import wait_until

SLOW, OTHER = UUID(int=1), UUID(int=2)
PIECES = (SegmentId(2, 0),)


@pytest.mark.parametrize(
    ("effect", "recorded"),
    [
        (RecordInserted(PIECES), "inserted"),
        (RecordDismissed(PIECES), "dismissed"),
        (RecordHeld(PIECES, "rest"), "rest"),
        (CancelTake(2), "cancelled"),
    ],
)
async def test_outcome_that_waits_for_another_take_is_recorded_although_the_app_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, effect: Effect, recorded: str
) -> None:
    """Records are written one after the other: this one has not begun when the tasks are cancelled."""
    library, asked, free, close = Library(tmp_path), threading.Event(), threading.Event(), Journal.close

    def close_slowly(journal: Journal) -> None:
        if journal.session == SLOW:
            asked.set()
            assert free.wait(30)
        close(journal)

    deliveries, tasks = DeliveryLog(library), Tasks("test")
    texts = TextInserter(InsertionMeans(FakeInserter()), deliveries, lambda event: None, tasks)
    await deliveries.add(1, recognised_take(tmp_path, SLOW, 0.0, "one"))
    await deliveries.add(2, recognised_take(tmp_path, OTHER, 0.0, "two"))
    await deliveries.inserting(PIECES, "editor")
    monkeypatch.setattr(Journal, "close", close_slowly)
    texts.record(deliveries.close(1))
    await wait_until(asked.is_set, "the first take is being closed")
    texts.perform(effect)
    await asyncio.sleep(0)
    ending = asyncio.create_task(tasks.close())
    await asyncio.sleep(0)
    free.set()
    await ending
    await deliveries.close_all()
    take = library.find(OTHER).take
    spoken = take.segments[0]
    outcomes = {
        "inserted": spoken.inserted,
        "dismissed": spoken.dismissed,
        "rest": spoken.rest == "rest",
        "cancelled": take.cancelled,
    }
    assert [outcome for outcome, is_true in outcomes.items() if is_true] == [recorded]


async def test_outcome_that_is_reported_just_before_the_end_is_recorded(tmp_path: Path) -> None:
    deliveries, tasks = DeliveryLog(Library(tmp_path)), Tasks("test")
    texts = TextInserter(InsertionMeans(FakeInserter()), deliveries, lambda event: None, tasks)
    await deliveries.add(2, recognised_take(tmp_path, OTHER, 0.0, "two"))
    texts.perform(RecordInserted(PIECES))
    await tasks.close()
    await deliveries.close_all()
    assert Library(tmp_path).find(OTHER).take.segments[0].inserted


async def test_outcome_that_is_known_when_the_insertion_is_cancelled_is_reported(tmp_path: Path) -> None:
    """Otherwise a text that has just arrived would be offered again."""
    told, inserter = list[Event](), FakeInserter(gate=asyncio.Event())
    assert inserter.gate is not None
    async with Tasks("test") as tasks:
        texts = TextInserter(InsertionMeans(inserter), DeliveryLog(Library(tmp_path)), told.append, tasks)
        texts.perform(InsertText(ReadyTexts(PIECES, ("two",), "two", WINDOW)))
        await wait_until(lambda: inserter.asked, "the text is on its way")
        inserter.gate.set()
    assert inserter.text() == "two"
    assert told == [InsertionEnded(Insertion(InsertionResult.TYPED))]
