"""Details of the followed take are published once per change."""

from pathlib import Path
from uuid import UUID

import pytest

from app.history.actions import LookAtTake
from app.history.open_take import TakeDetailsPublisher
from app.history.view import TakeDetails
from app.journal.events import Reran
from app.journal.library import Library, TakeSnapshot
from protocol.recognition import Options
from tests.app.history.takes import record, session
from tests.helpers.waiting import wait_until

RUN = Reran("2026-03-03T09:41:00+00:00", Options(), False, "other", "one three")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library(tmp_path)
    for number in (1, 2):
        record(made, number, f"take {number}")
    return made


async def test_looking_publishes_details_once_per_change(library: Library) -> None:
    told = list[TakeDetails]()

    async def find(wanted: UUID) -> TakeSnapshot:
        return library.find(wanted)

    async with TakeDetailsPublisher(find, told.append) as looking:
        looking.changed()
        looking.look(LookAtTake(session(1)))
        await wait_until(lambda: [one.text for one in told] == ["take 1"], "the first")
        looking.changed()
        looking.look(LookAtTake(session(2)))
        await wait_until(
            lambda: [one.text for one in told] == ["take 1", "take 2"], "the second, and nothing twice"
        )
        with library.reopen(session(2)) as journal:
            journal.edit("mine")
        looking.changed()
        await wait_until(lambda: told[-1].text == "mine", "the edit")
        looking.came(session(1), RUN)
        looking.came(session(2), RUN)
        await wait_until(lambda: told[-1].compared is not None, "what came of it, kept or not")
        looking.look(LookAtTake(None))
        looking.look(LookAtTake(session(9)))
        looking.look(LookAtTake(session(1)))
        await wait_until(lambda: told[-1].session == session(1), "one that is gone is passed over")
    assert len(told) == 5
