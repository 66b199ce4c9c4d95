"""Test that SQLite and PostgreSQL record the feed alike, each entry once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import event

from backend.core.errors import HistoryRefused
from backend.history.database import Database
from backend.history.recorder import record
from backend.history.records import StoredSegment, StoredSession
from backend.history.store import Store, open_store
from protocol.job import Result
from protocol.recognition import Options, Word
from protocol.rest import SegmentState, SessionKind, SessionState
from tests.backend.history.feed import (
    ALL_SESSIONS,
    BOB,
    DAY_MS,
    NOON,
    NOON_MS,
    cancelled,
    failure,
    final,
    found,
    over,
    stored_session,
    texts,
)


def test_result_is_stored_with_its_session(store: Store) -> None:
    store.record([final("hello")])
    assert store.session("s") == StoredSession(
        number=1,
        id="s",
        kind=SessionKind.STREAM,
        state=SessionState.WORKING,
        owner="ann",
        device="Ann's laptop",
        tenant="",
        client="kikipounamu/0.1",
        name="",
        reason="",
        options=Options(),
        started_ms=NOON_MS,
        changed_ms=NOON_MS,
        segments=1,
        finals=1,
        failed=0,
        samples=16_000,
    )
    (segment,) = store.segments("s")
    assert segment == StoredSegment(
        segment=0,
        attempt=0,
        state=SegmentState.FINAL,
        samples=16_000,
        ended_ms=NOON_MS,
        text="hello",
        language="en",
        words=(Word("hello", 0, 500),),
        model="m",
        worker="w/cuda:0",
        queue_ms=5,
        decode_ms=70,
    )


def test_repeated_entries_change_nothing(store: Store) -> None:
    batch = [final("one"), failure(segment=1), final("two", segment=2), cancelled(segment=2), over()]
    store.record(batch)
    before = store.session("s"), store.segments("s"), store.usage(NOON, NOON)
    for again in (batch, batch[:2], batch[1:], [final("late twin")]):
        store.record(again)
    assert (store.session("s"), store.segments("s"), store.usage(NOON, NOON)) == before


def test_overlapping_batches_of_many_sessions_count_once(store: Store) -> None:
    batch = [final(f"text {n}", f"s{n % 3}", n // 3) for n in range(30)]
    store.record(batch[:17])
    store.record(batch)
    assert [len(store.segments(f"s{n}")) for n in range(3)] == [10, 10, 10]
    assert [session.finals for session in store.sessions(ALL_SESSIONS).items] == [10, 10, 10]


def test_higher_attempt_replaces_failure(store: Store) -> None:
    store.record([failure()])
    assert (stored_session(store).failed, stored_session(store).finals) == (1, 0)
    store.record([failure(), final("at last", attempt=1), failure()])
    assert texts(store) == [(0, SegmentState.FINAL, "at last")]
    assert (stored_session(store).failed, stored_session(store).finals) == (0, 1)


def test_cancelled_segment_has_no_text_and_is_not_found(store: Store) -> None:
    store.record([final("a secret")])
    assert found(store, "secret") == [("s", 0)]
    store.record([cancelled()])
    assert texts(store) == [(0, SegmentState.CANCELLED, "")]
    assert found(store, "secret") == []


def test_session_without_segments_is_not_shown(store: Store) -> None:
    store.record([over()])
    assert store.session("s") is None
    assert store.sessions(ALL_SESSIONS).items == []
    assert store.size().sessions == 0
    assert store.usage(NOON, NOON) == []


def test_stream_is_done_at_its_end_and_works_again_when_more_comes(store: Store) -> None:
    store.record([final("one"), over()])
    assert stored_session(store).state is SessionState.DONE
    store.record([final("two", segment=1, at_ms=NOON_MS + 1)])
    assert stored_session(store).state is SessionState.WORKING


def test_cancelled_segment_stays_cancelled_when_its_text_comes_later(store: Store) -> None:
    feed = [final("a secret"), failure(segment=1, at_ms=NOON_MS + 1), cancelled(at_ms=NOON_MS + 2)]
    feed += [final("at last", segment=1, attempt=1, at_ms=NOON_MS + 3), over(at_ms=NOON_MS + 4)]
    for turn, late in enumerate((feed, feed[::-1], [*feed[2:], *feed[:2]], [feed[4], *feed[:4]])):
        for entry in late:
            id = f"s{turn}"
            outcome = entry.outcome and replace(entry.outcome, session=id)
            store.record([entry._replace(session=id, outcome=outcome)])
    assert found(store, "secret") == []
    sessions = [replace(session, number=0, id="") for session in store.sessions(ALL_SESSIONS).items]
    segments = [store.segments(f"s{turn}") for turn in range(4)]
    assert sessions == sessions[:1] * 4
    assert segments == segments[:1] * 4
    assert (sessions[0].state, sessions[0].started_ms) == (SessionState.DONE, NOON_MS)
    assert [one.state for one in segments[0]] == [SegmentState.CANCELLED, SegmentState.FINAL]
    assert [use.sessions for use in store.usage(NOON, NOON)] == [4]


def test_durations_are_clamped_to_storable_range(store: Store) -> None:
    entry = final()
    assert isinstance(entry.outcome, Result)
    store.record([entry._replace(outcome=replace(entry.outcome, queue_ms=2**70, decode_ms=-1))])
    (segment,) = store.segments("s")
    assert (segment.queue_ms, segment.decode_ms) == (2**53, 0)


def test_value_out_of_range_is_refused_and_changes_nothing(store: Store) -> None:
    with pytest.raises(HistoryRefused):
        store.record([final(), final(segment=1, samples=2**70)])
    assert store.session("s") is None


def test_text_with_special_characters_can_be_stored(store: Store) -> None:
    odd = "nul \0, quote ' \" \\ %s :x, 😀"
    store.record([final(odd)])
    (segment,) = store.segments("s")
    assert segment.text == "nul \ufffd, quote ' \" \\ %s :x, 😀"
    assert found(store, "😀") == [("s", 0)]


def test_very_long_text_can_be_stored(store: Store) -> None:
    store.record([final(" ".join(f"word{number}" for number in range(120_000)))])
    assert found(store, "word7") == [("s", 0)]


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements that the database receives, with their values."""
    given: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, values: object, *___: object) -> None:
        given.append((statement, values))

    event.listen(database._engine, "before_cursor_execute", note)
    yield given
    event.remove(database._engine, "before_cursor_execute", note)


def test_usage_is_written_in_one_ordered_statement(database_url: str) -> None:
    """Two gateways that lock the same rows in different orders would wait for each other."""
    database = Database(database_url)
    late, early = final(session="a", at_ms=NOON_MS + DAY_MS), final(session="b", about=BOB)
    with statements(database) as given, database.writing() as connection:
        record(connection, [late, early, failure("c")])
    database.close()
    ((_, rows),) = [one for one in given if one[0].startswith("INSERT INTO usage")]
    keys = [tuple(row.values() if isinstance(row, dict) else row)[:2] for row in rows]
    after = NOON + timedelta(days=1)
    assert [(str(day), owner) for day, owner in keys] == [
        (str(NOON), "ann"),
        (str(NOON), "bob"),
        (str(after), "ann"),
    ]


def test_session_deleted_by_other_gateway_is_not_recreated(postgres_with_tables: str) -> None:
    database, other = Database(postgres_with_tables), open_store(postgres_with_tables)
    other.record([final("old", "raced")])

    def delete(_: object, __: object, statement: str, *___: object) -> None:
        if "FROM sessions" in statement and other.session("raced") is not None:
            assert other.delete("raced")

    event.listen(database._engine, "before_cursor_execute", delete)
    with database.writing() as connection:
        news = record(connection, [final("a secret", "raced", 1), final("kept", "beside")])
    assert [entry.session for entry in news] == ["beside"]
    assert other.session("raced") is None
    assert found(other, "secret") == []
    assert texts(other, "beside") == [(0, SegmentState.FINAL, "kept")]
    database.close()
    other.close()
