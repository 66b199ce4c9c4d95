"""The journal records whether a held text may have arrived nevertheless."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from app.dictation.delivery_log import DeliveryLog
from app.dictation.insertion_queue import ReadyTexts, SegmentId
from app.dictation.messages import Event, InsertText, RecordHeld
from app.dictation.text_inserter import InsertionMeans, TextInserter
from app.insertion.outcome import HoldReason, Insertion, held_insertion
from app.journal.library import Library
from runtime.tasks import Tasks
from tests.app.dictation.world import WINDOW, FakeInserter
from tests.helpers.takes import recognised_take
from tests.helpers.waiting import wait_until

ONE = UUID(int=1)
PIECES = (SegmentId(1, 0),)


@asynccontextmanager
async def log_of_take(library: Library) -> AsyncIterator[DeliveryLog]:
    log = DeliveryLog(library)
    await log.add(1, recognised_take(library.root, ONE, 0.0, "kia ora"))
    yield log
    await log.close_all()


@pytest.mark.parametrize(
    ("outcome", "doubted"),
    [
        (held_insertion(HoldReason.FOCUS_MOVED), {}),
        (held_insertion(HoldReason.UNCERTAIN), {0: WINDOW.program}),
        (held_insertion(HoldReason.PARTLY_TYPED, "ora"), {0: WINDOW.program}),
    ],
    ids=["missing", "uncertain", "partly typed"],
)
async def test_held_text_is_doubted_unless_it_certainly_did_not_arrive(
    tmp_path: Path, outcome: Insertion, doubted: dict[int, str]
) -> None:
    library, told = Library(tmp_path), list[Event]()
    async with log_of_take(library) as log, Tasks("test") as tasks:
        work = TextInserter(InsertionMeans(FakeInserter(outcomes=[outcome])), log, told.append, tasks)
        work.perform(InsertText(ReadyTexts(PIECES, ("kia ora",), "kia ora", WINDOW)))
        await wait_until(lambda: told, "the outcome")
        work.perform(RecordHeld(PIECES))
        await work.until_recorded()
    assert library.find(ONE).take.doubted == doubted


async def test_text_that_was_never_given_to_a_program_is_not_doubted(tmp_path: Path) -> None:
    library = Library(tmp_path)
    async with log_of_take(library) as log:
        await log.record_held(PIECES)
        assert library.find(ONE).take.doubted == {}
        await log.inserting(PIECES, "gedit")
        await log.record_held(PIECES)
        assert library.find(ONE).take.doubted == {0: "gedit"}
        await log.record_missing(PIECES)
        assert library.find(ONE).take.doubted == {}
        await log.inserting(PIECES, "gedit")
        assert library.find(ONE).take.doubted == {0: "gedit"}, "it is given to the same program once more"
