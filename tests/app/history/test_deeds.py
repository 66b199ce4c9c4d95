"""What is done to takes, and to those that are in use or gone."""

from pathlib import Path

import pytest

from app.capture.errors import TakeBusy, TakeUnknown
from app.capture.events import Reran
from app.capture.library import Library
from app.history.deeds import delete, edit, keep_run, let_go, there
from protocol.recognition import Options
from runtime.logs import logging_to
from tests.app.history.takes import record, session

RUN = Reran("2024-01-01T00:00:00+00:00", Options(model="other"), False, "other", "once more")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def events(library: Library, number: int) -> bytes:
    return (library.root / str(session(number)) / "events.jsonl").read_bytes()


def test_an_edit_is_noted_once_and_can_be_taken_back(library: Library) -> None:
    record(library, 1, "one", "two")
    for text, says in (("three", "three"), ("one two", "one two"), ("four", "four"), ("", "one two")):
        edit(library, session(1), text)
        before = events(library, 1)
        edit(library, session(1), text)
        assert library.find(session(1)).text == says
        assert events(library, 1) == before
    assert library.find(session(1)).take.edited == ""
    with library.reopen(session(1)), pytest.raises(TakeBusy):
        edit(library, session(1), "five")
    with pytest.raises(TakeUnknown):
        edit(library, session(2), "five")


def test_the_same_result_is_kept_once(library: Library) -> None:
    record(library, 1, "one")
    later = Reran("2025-01-01T00:00:00+00:00", Options(model="other"), False, "other", "once more")
    other = Reran("2025-01-01T00:00:00+00:00", Options(model="other"), True, "other", "once more")
    for run in (RUN, later, other):
        keep_run(library, session(1), run)
    assert library.find(session(1)).take.runs == [RUN, other]


def test_a_result_that_cannot_be_kept_is_no_problem_but_a_take_that_is_gone_is(library: Library) -> None:
    record(library, 1, "one")
    with logging_to("test", None, terminal=False), library.reopen(session(1)):
        keep_run(library, session(1), RUN)
    assert library.find(session(1)).take.runs == []
    with pytest.raises(TakeUnknown):
        keep_run(library, session(2), RUN)


def test_what_cannot_be_deleted_is_told(library: Library) -> None:
    record(library, 1, "one")
    record(library, 2, "two")
    with library.reopen(session(2)):
        refused = delete(library, [session(1), session(2), session(3)])
    assert list(refused) == [session(2)] and isinstance(refused[session(2)], TakeBusy)
    assert [found.session for found in there(library, [session(n) for n in (1, 2, 3)])] == [session(2)]


def test_what_is_needed_after_all_is_not_let_go(library: Library) -> None:
    record(library, 1, "one")
    record(library, 2, "two", None)
    record(library, 3, "three")
    with library.reopen(session(3)):
        assert let_go(library, [session(n) for n in (1, 2, 3, 4)]) == [session(1)]
    assert len(library.all()) == 2
