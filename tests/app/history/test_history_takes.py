"""Changes to takes, including takes that are in use or gone."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from app.history.history import delete_takes, edit_take, existing_takes, keep_run
from app.journal.errors import TakeBusy, TakeUnknown
from app.journal.events import Reran
from app.journal.library import Library
from protocol.recognition import Options
from protocol.session import Final, SegmentDetails
from tests.app.history.takes import SEGMENT, record, session

RUN = Reran("2024-01-01T00:00:00+00:00", Options(model="other"), False, "other", "once more")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def events(library: Library, number: int) -> bytes:
    return (library.root / str(session(number)) / "events.jsonl").read_bytes()


def revision(library: Library) -> int:
    return library.find(session(1)).take.revision


def arrive(library: Library, number: int, text: str) -> None:
    with library.reopen(session(1)) as journal:
        journal.settle(number, Final(number, text))


def span(library: Library) -> None:
    with library.reopen(session(1)) as journal:
        journal.begin(2, 0, SegmentDetails(replaces=(0, 1)))
        journal.end(2, 2 * SEGMENT)
        journal.settle(2, Final(2, "I went home because it rained."))


def test_edit_is_stored_once_and_can_be_undone(library: Library) -> None:
    record(library, 1, "one", "two")
    for text, says in (("three", "three"), ("one two", "one two"), ("four", "four"), ("", "one two")):
        edit_take(library, session(1), text)
        before = events(library, 1)
        edit_take(library, session(1), text)
        assert library.find(session(1)).text == says
        assert events(library, 1) == before
    assert library.find(session(1)).take.edited == ""
    with library.reopen(session(1)), pytest.raises(TakeBusy):
        edit_take(library, session(1), "five")
    with pytest.raises(TakeUnknown):
        edit_take(library, session(2), "five")


def test_text_that_came_during_an_edit_is_added(library: Library) -> None:
    record(library, 1, "one", None, "three")
    seen = revision(library)
    arrive(library, 1, "two")
    edit_take(library, session(1), "One three.", seen)
    assert library.find(session(1)).text == "One two three."
    edit_take(library, session(1), "One three!", revision(library))
    assert library.find(session(1)).text == "One three!", "the user has seen it"


def test_text_that_came_after_an_edit_stays_in_the_next_one(library: Library) -> None:
    record(library, 1, "one", None, "three")
    seen = edit_take(library, session(1), "One three.", revision(library))
    arrive(library, 1, "two")
    edit_take(library, session(1), "One, three.", seen)
    assert library.find(session(1)).text == "One, two three."
    edit_take(library, session(1), "Three.", revision(library))
    assert library.find(session(1)).text == "Three."


@pytest.mark.parametrize(
    ("spoken", "number", "typed", "says"),
    [
        (("yes I do", None), 1, "Yes, I do.", "Yes, I do. yes"),
        (("one", None, "yes I do"), 1, "One, yes I do.", "One, yes yes I do."),
        (("one", None, "three"), 1, "One yes three.", "One yes yes three."),
    ],
)
def test_word_that_is_said_again_during_an_edit_is_added(
    library: Library, spoken: tuple[str | None, ...], number: int, typed: str, says: str
) -> None:
    record(library, 1, *spoken)
    seen = revision(library)
    arrive(library, number, "yes")
    edit_take(library, session(1), typed, seen)
    assert library.find(session(1)).text == says


def test_text_that_came_during_an_edit_stays_while_the_user_types_on(library: Library) -> None:
    record(library, 1, "one", None, "three", "four")
    seen = revision(library)
    arrive(library, 1, "two")
    for typed in ("one three, four", "one three, vier", "one three, vier!"):
        edit_take(library, session(1), typed, seen)
        assert library.find(session(1)).text == typed.replace("one", "one two")
    edit_take(library, session(1), "drei!", revision(library))
    assert library.find(session(1)).text == "drei!"


def test_first_text_that_comes_during_an_edit_is_added_after_it(library: Library) -> None:
    record(library, 1, None)
    arrive(library, 0, "one")
    edit_take(library, session(1), "my note:", seen=0)
    assert library.find(session(1)).text == "my note: one"


@pytest.mark.parametrize("stored", [True, False])
def test_span_of_segments_that_were_edited_is_not_added(library: Library, stored: bool) -> None:
    record(library, 1, "I went home.", "because it reigned.")
    typed, seen = "I went home! It rained.", revision(library)
    if stored:
        edit_take(library, session(1), typed, seen)
    span(library)
    if not stored:
        edit_take(library, session(1), typed, seen)
    assert library.find(session(1)).text == typed


@pytest.mark.parametrize("stored", [True, False])
def test_span_of_which_one_segment_was_edited_adds_only_the_other(library: Library, stored: bool) -> None:
    record(library, 1, "I went home.", None)
    typed, seen = "I went home!", revision(library)
    if stored:
        edit_take(library, session(1), typed, seen)
    arrive(library, 1, "because it rained.")
    span(library)
    if not stored:
        edit_take(library, session(1), typed, seen)
    assert library.find(session(1)).text == "I went home! because it rained."
    edit_take(library, session(1), typed, revision(library))
    assert library.find(session(1)).text == typed


def test_span_of_segments_that_were_seen_is_not_added_when_one_was_silent(library: Library) -> None:
    record(library, 1, "I went home because it reigned.", "")
    seen = revision(library)
    span(library)
    edit_take(library, session(1), "I went home.", seen)
    assert library.find(session(1)).text == "I went home."


def test_segment_whose_text_comes_after_its_span_was_seen_is_not_added(library: Library) -> None:
    record(library, 1, "I went home.", None)
    span(library)
    seen = revision(library)
    arrive(library, 1, "because it reigned.")
    edit_take(library, session(1), "I went home!", seen)
    assert library.find(session(1)).text == "I went home!"


def test_segments_are_added_when_they_say_much_more_than_the_span_that_was_seen(library: Library) -> None:
    """Without the segments their other words would be lost; with them, the few words of the span stand there
    twice."""
    record(library, 1, None, None)
    span(library)
    seen = revision(library)
    arrive(library, 0, "I went home because it rained.")
    arrive(library, 1, "Then the sun came out again and we walked to the river.")
    edit_take(library, session(1), "I went home!", seen)
    assert library.find(session(1)).text == (
        "I went home! I went home because it rained. Then the sun came out again and we walked to the river."
    )


def test_span_with_words_that_only_it_has_is_added(library: Library) -> None:
    record(library, 1, "I went home.", None)
    seen = revision(library)
    span(library)
    edit_take(library, session(1), "I went!", seen)
    assert library.find(session(1)).text == "I went! I went home because it rained."


def test_text_of_a_rerun_gets_nothing_that_came_meanwhile(library: Library) -> None:
    record(library, 1, "one", None)
    keep_run(library, session(1), replace(RUN, text="won too"))
    seen = revision(library)
    arrive(library, 1, "two")
    edit_take(library, session(1), "won too", seen)
    assert library.find(session(1)).text == "won too"
    edit_take(library, session(1), "Won, too.", seen)
    assert library.find(session(1)).text == "Won, too."


def test_edit_without_seen_segments_replaces_the_whole_text(library: Library) -> None:
    record(library, 1, "one", "two")
    edit_take(library, session(1), "mine")
    assert library.find(session(1)).text == "mine"


def test_keep_run_stores_equal_results_once(library: Library) -> None:
    record(library, 1, "one")
    later = Reran("2025-01-01T00:00:00+00:00", Options(model="other"), False, "other", "once more")
    other = Reran("2025-01-01T00:00:00+00:00", Options(model="other"), True, "other", "once more")
    for run in (RUN, later, other):
        keep_run(library, session(1), run)
    assert library.find(session(1)).take.runs == [RUN, other]


def test_keep_run_raises_only_when_take_is_gone(library: Library) -> None:
    record(library, 1, "one")
    with library.reopen(session(1)):
        keep_run(library, session(1), RUN)
    assert library.find(session(1)).take.runs == []
    with pytest.raises(TakeUnknown):
        keep_run(library, session(2), RUN)


def test_delete_returns_takes_in_use(library: Library) -> None:
    record(library, 1, "one")
    record(library, 2, "two")
    with library.reopen(session(2)):
        refused = delete_takes(library, [session(1), session(2), session(3)])
    assert list(refused) == [session(2)] and isinstance(refused[session(2)], TakeBusy)
    assert [found.session for found in existing_takes(library, [session(n) for n in (1, 2, 3)])] == [session(2)]
