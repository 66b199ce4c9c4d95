"""Test submitted files in the history, from submission to the last segment."""

from datetime import date

from backend.history.records import NewFile, Planned
from backend.history.store import Store
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.rest import SessionKind, SessionState
from tests.backend.history.feed import FILE, failure, final, stored_session

NEW = NewFile("f", "ann", name="talk.mp3", options=Options(language="zh"))


def test_file_is_a_session_from_submission_to_last_segment(store: Store) -> None:
    begun = store.begin_file(NEW)
    assert (begun.kind, begun.state, begun.name) == (SessionKind.FILE, SessionState.SUBMITTED, "talk.mp3")
    assert begun.options == Options(language="zh")
    assert store.plan("f", [Planned(0, 0, 100), Planned(1, 250, 60)], complete=False)
    store.record([final("one", "f", 0, FILE, samples=100)])
    session = stored_session(store, "f")
    assert (session.state, session.segments, session.finals, session.samples) == ("working", 2, 1, 160)
    store.plan("f", [], complete=True)
    assert stored_session(store, "f").state is SessionState.WORKING
    assert "failed" not in {one.state for one in store.segments("f")}
    store.record([final("two", "f", 1, FILE, samples=60)])
    assert stored_session(store, "f").state is SessionState.DONE
    assert [(one.at_ms, one.text) for one in store.segments("f")] == [(0, "one"), (250, "two")]


def test_result_before_its_plan_belongs_to_planned_segment(store: Store) -> None:
    store.begin_file(NEW)
    store.record([final("one", "f", 0, FILE, samples=100)])
    store.plan("f", [Planned(0, 40, 100)], complete=True)
    session = stored_session(store, "f")
    assert (session.state, session.segments, session.samples) == ("done", 1, 100)
    assert store.segments("f")[0].at_ms == 40


def test_truncated_file_stays_truncated(store: Store) -> None:
    store.begin_file(NEW)
    assert not stored_session(store, "f").truncated
    store.plan("f", [Planned(0, 0, 100)], complete=True, truncated=True)
    store.plan("f", [], complete=True)
    assert stored_session(store, "f").truncated


def test_repeated_submission_and_plan_change_nothing(store: Store) -> None:
    for _ in range(2):
        store.begin_file(NEW)
        store.plan("f", [Planned(0, 0, 100)], complete=True)
    session = stored_session(store, "f")
    assert (session.segments, session.samples, session.state) == (1, 100, "working")
    assert [use.sessions for use in store.usage(date.min, date.max)] == [1]


def test_failed_segments_are_retried_as_next_attempt(store: Store) -> None:
    store.begin_file(NEW)
    store.plan("f", [Planned(n, 0, 16_000) for n in range(3)], complete=True)
    store.record([final("one", "f", 0, FILE), failure("f", 1, FILE), failure("f", 2, FILE)])
    assert stored_session(store, "f").state is SessionState.FAILED
    assert [(one.segment, one.code) for one in store.segments("f") if one.state == "failed"] == [
        (1, ErrorCode.ENGINE_FAILED),
        (2, ErrorCode.ENGINE_FAILED),
    ]
    again = store.retry("f")
    assert [(one.segment, one.attempt, one.state) for one in again] == [(1, 1, "planned"), (2, 1, "planned")]
    store.record([failure("f", 1, FILE)])  # the first attempt's failure again
    assert stored_session(store, "f").state is SessionState.WORKING
    store.record([final("two", "f", 1, FILE, attempt=1), final("three", "f", 2, FILE, attempt=1)])
    assert stored_session(store, "f").state is SessionState.DONE
    assert store.retry("f") == []


def test_state_can_be_set_with_reason(store: Store) -> None:
    store.begin_file(NEW)
    assert store.set_state("f", SessionState.FAILED, "not audio")
    assert (stored_session(store, "f").state, stored_session(store, "f").reason) == ("failed", "not audio")
    assert not store.set_state("nobody", SessionState.DONE)


def test_state_is_set_only_from_given_states(store: Store) -> None:
    store.begin_file(NEW)
    unended = (SessionState.SUBMITTED, SessionState.WORKING)
    assert store.set_state("f", SessionState.CANCELLED, only_from=unended)
    assert not store.set_state("f", SessionState.FAILED, "too late", only_from=unended)
    assert (stored_session(store, "f").state, stored_session(store, "f").reason) == ("cancelled", "")


def test_plan_of_unknown_session_is_refused(store: Store) -> None:
    assert not store.plan("nobody", [], complete=True)
