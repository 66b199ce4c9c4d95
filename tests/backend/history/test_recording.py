"""What the feed says is kept, once, in SQLite and in PostgreSQL alike."""

import pytest
from msgspec.structs import replace

from backend.errors import HistoryRefused
from backend.history.records import SegmentState, SessionKind, SessionState, StoredSegment, StoredSession
from backend.history.store import Store
from protocol.job import Result
from protocol.recognition import Options, Word
from tests.backend.history.feed import (
    EVERYBODY,
    NOON,
    NOON_MS,
    cancelled,
    failure,
    final,
    found,
    over,
    texts,
    the_session,
)


def test_a_result_is_kept_with_its_session(store: Store) -> None:
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


def test_what_comes_again_changes_nothing(store: Store) -> None:
    batch = [final("one"), failure(segment=1), final("two", segment=2), cancelled(segment=2), over()]
    store.record(batch)
    before = store.session("s"), store.segments("s"), store.usage(NOON, NOON)
    for again in (batch, batch[:2], batch[1:], [final("late twin")]):
        store.record(again)
    assert (store.session("s"), store.segments("s"), store.usage(NOON, NOON)) == before


def test_many_sessions_in_one_batch_and_in_many_make_the_same(store: Store) -> None:
    batch = [final(f"text {n}", f"s{n % 3}", n // 3) for n in range(30)]
    store.record(batch[:17])
    store.record(batch)
    assert [len(store.segments(f"s{n}")) for n in range(3)] == [10, 10, 10]
    assert [session.finals for session in store.sessions(EVERYBODY).items] == [10, 10, 10]


def test_a_higher_attempt_takes_the_place_of_a_failure(store: Store) -> None:
    store.record([failure()])
    assert (the_session(store).failed, the_session(store).finals) == (1, 0)
    store.record([failure(), final("at last", attempt=1), failure()])
    assert texts(store) == [(0, SegmentState.FINAL, "at last")]
    assert (the_session(store).failed, the_session(store).finals) == (0, 1)


def test_what_was_cancelled_has_no_text_and_is_not_found(store: Store) -> None:
    store.record([final("a secret")])
    assert found(store, "secret") == [("s", 0)]
    store.record([cancelled()])
    assert texts(store) == [(0, SegmentState.CANCELLED, "")]
    assert found(store, "secret") == []


def test_a_session_of_which_nothing_was_said_is_none(store: Store) -> None:
    store.record([over(), cancelled()])
    assert store.session("s") is None


def test_a_stream_is_done_when_its_client_has_it_and_goes_on_when_more_comes(store: Store) -> None:
    store.record([final("one"), over()])
    assert the_session(store).state is SessionState.DONE
    store.record([final("two", segment=1)])
    assert the_session(store).state is SessionState.WORKING


def test_any_time_can_be_kept(store: Store) -> None:
    entry = final()
    assert isinstance(entry.outcome, Result)
    store.record([entry._replace(outcome=replace(entry.outcome, queue_ms=2**70, decode_ms=-1))])
    (segment,) = store.segments("s")
    assert (segment.queue_ms, segment.decode_ms) == (2**53, 0)


def test_what_no_column_holds_is_refused_and_changes_nothing(store: Store) -> None:
    with pytest.raises(HistoryRefused):
        store.record([final(), final(segment=1, samples=2**70)])
    assert store.session("s") is None


def test_any_text_can_be_kept(store: Store) -> None:
    odd = "nul \0, quote ' \" \\ %s :x, 😀"
    store.record([final(odd)])
    (segment,) = store.segments("s")
    assert segment.text == "nul \ufffd, quote ' \" \\ %s :x, 😀"
    assert found(store, "😀") == [("s", 0)]
