"""Details of the followed take are published once per change."""

from errno import EMFILE
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from app.core.errors import Note
from app.history.take_details import TakeDetailsPublisher, details
from app.history.view import FollowTake, Rerun, TakeDetails
from app.journal.events import Reran
from app.journal.library import Library, TakeSnapshot
from protocol.recognition import Options
from tests.app.history.takes import record, session
from tests.app.history.test_service import Window, served
from tests.helpers.waiting import wait_until

RUN = Reran("2026-03-03T09:41:00+00:00", Options(), False, "other", "one three")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library(tmp_path)
    for number in (1, 2):
        record(made, number, f"take {number}")
    return made


async def test_details_of_the_followed_take_are_published_once_per_change(library: Library) -> None:
    received = list[TakeDetails]()

    async def find(wanted: UUID) -> TakeSnapshot:
        return library.find(wanted)

    async with TakeDetailsPublisher(find, received.append) as publisher:
        publisher.publish_if_changed()
        publisher.follow(FollowTake(session(1)))
        await wait_until(lambda: [one.text for one in received] == ["take 1"], "the first")
        publisher.publish_if_changed()
        publisher.follow(FollowTake(session(2)))
        await wait_until(
            lambda: [one.text for one in received] == ["take 1", "take 2"], "the second, and nothing twice"
        )
        with library.reopen(session(2)) as journal:
            journal.edit("mine")
        publisher.publish_if_changed()
        await wait_until(lambda: received[-1].text == "mine", "the edit")
        publisher.add_run(session(1), RUN)
        publisher.add_run(session(2), RUN)
        await wait_until(lambda: received[-1].compared is not None, "what came of it, kept or not")
        publisher.follow(FollowTake(None))
        publisher.follow(FollowTake(session(9)))
        publisher.follow(FollowTake(session(1)))
        await wait_until(lambda: received[-1].session == session(1), "one that is gone is passed over")
    assert len(received) == 5


async def test_details_follow_an_unexpected_error_which_is_reported_once(library: Library) -> None:
    received, failed, broken = list[TakeDetails](), list[Note](), list[UUID]()

    async def find(wanted: UUID) -> TakeSnapshot:
        if wanted == session(1):
            broken.append(wanted)
            raise OSError(EMFILE, "on purpose")
        return library.find(wanted)

    async with TakeDetailsPublisher(find, received.append, failed.append) as publisher:
        publisher.follow(FollowTake(session(1)))
        await wait_until(lambda: failed == [Note("unexpected", {"error": "OSError"})], "the failure")
        publisher.publish_if_changed()
        await wait_until(lambda: len(broken) == 2, "a change is tried again")
        publisher.follow(FollowTake(session(2)))
        await wait_until(lambda: [one.text for one in received] == ["take 2"], "the other take")
        assert len(failed) == 1


async def test_details_in_the_window_follow_a_change_by_another_process(library: Library) -> None:
    window = Window()
    async with served(library, window) as (serving, history):
        serving.ask(FollowTake(session(1)))
        await wait_until(lambda: window.details, "the take")
        with library.reopen(session(1)) as journal:
            journal.edit("mine")
        history.changed(session(1))
        await wait_until(lambda: window.details[-1].text == "mine", "the edit")


RUN = Reran("2026-03-03T09:41:00+00:00", Options(), False, "other", "one three", 1)


@pytest.fixture
def found(tmp_path: Path) -> TakeSnapshot:
    library = Library(tmp_path)
    record(library, 1, "one", "two")
    with library.reopen(session(1)) as journal:
        journal.reran(RUN)
        journal.reran(replace(RUN, text="one two", vad=True))
    return library.find(session(1))


def test_details_compare_last_run_by_default(found: TakeSnapshot) -> None:
    made = details(found)
    assert (made.session, made.text, made.of_ms) == (session(1), "one two", 200)
    assert [(one.start_ms, made.text[one.first : one.last]) for one in made.spoken] == [(0, "one"), (100, "two")]
    assert [(run.vad, run.missing) for run in made.runs] == [(False, 1), (True, 1)]
    assert made.compared is not None and (made.compared.run, made.compared.words) == (1, 0)
    other = details(found, 0).compared
    assert other is not None and (other.run, other.words, other.text) == (0, 1, "one three")
    assert details(found, 9).compared == made.compared


def test_details_compare_new_result_even_if_not_stored(found: TakeSnapshot) -> None:
    again = details(found, replace(RUN, started="2026-04-04T00:00:00+00:00"))
    assert len(again.runs) == 2 and again.compared is not None and again.compared.run == 0
    new = details(found, replace(RUN, text="new"))
    assert len(new.runs) == 3 and new.compared is not None and new.compared.text == "new"
    assert new.runs[-1] == Rerun(1_772_530_860.0, "other", False, 1)


def test_details_without_runs_have_no_comparison(tmp_path: Path) -> None:
    library = Library(tmp_path)
    record(library, 1)
    made = details(library.find(session(1)))
    assert (made.text, made.spoken, made.runs, made.compared) == ("", (), (), None)
