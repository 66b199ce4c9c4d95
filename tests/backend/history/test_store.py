"""What is recorded can be asked for, in SQLite and in PostgreSQL alike."""

from datetime import date, timedelta

import pytest

from backend.history.records import (
    Held,
    Limits,
    NewFile,
    Page,
    Planned,
    SegmentState,
    SessionKind,
    SessionState,
    StoredSegment,
    StoredSession,
    Usage,
    Wanted,
)
from backend.history.store import Store
from protocol.errors import ErrorCode
from protocol.recognition import Options, Word
from tests.backend.history.feed import ANN, BOB, DAY_MS, FILE, NOON_MS, cancelled, failure, final, over

NOON = date(1970, 1, 1) + timedelta(days=NOON_MS // DAY_MS)
EVERYBODY = Wanted()


def texts(store: Store, session: str = "s") -> list[tuple[int, SegmentState, str]]:
    return [(one.segment, one.state, one.text) for one in store.segments(session)]


def found(store: Store, query: str, wanted: Wanted = EVERYBODY) -> list[tuple[str, int]]:
    return [(hit.session.id, hit.segment) for hit in store.search(query, wanted).items]


def the_session(store: Store, id: str = "s") -> StoredSession:
    session = store.session(id)
    assert session is not None
    return session


class TestRecord:
    def test_a_result_is_kept_with_its_session(self, store: Store) -> None:
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

    def test_what_comes_again_changes_nothing(self, store: Store) -> None:
        batch = [final("one"), failure(segment=1), final("two", segment=2), cancelled(segment=2), over()]
        store.record(batch)
        before = store.session("s"), store.segments("s"), store.usage(NOON, NOON)
        for again in (batch, batch[:2], batch[1:], [final("late twin")]):
            store.record(again)
        assert (store.session("s"), store.segments("s"), store.usage(NOON, NOON)) == before

    def test_many_sessions_in_one_batch_and_in_many_make_the_same(self, store: Store) -> None:
        batch = [final(f"text {n}", f"s{n % 3}", n // 3) for n in range(30)]
        store.record(batch[:17])
        store.record(batch)
        assert [len(store.segments(f"s{n}")) for n in range(3)] == [10, 10, 10]
        assert [session.finals for session in store.sessions(EVERYBODY).items] == [10, 10, 10]

    def test_a_higher_attempt_takes_the_place_of_a_failure(self, store: Store) -> None:
        store.record([failure()])
        assert (the_session(store).failed, the_session(store).finals) == (1, 0)
        store.record([failure(), final("at last", attempt=1), failure()])
        assert texts(store) == [(0, SegmentState.FINAL, "at last")]
        assert (the_session(store).failed, the_session(store).finals) == (0, 1)

    def test_what_was_cancelled_has_no_text_and_is_not_found(self, store: Store) -> None:
        store.record([final("a secret")])
        assert found(store, "secret") == [("s", 0)]
        store.record([cancelled()])
        assert texts(store) == [(0, SegmentState.CANCELLED, "")]
        assert found(store, "secret") == []

    def test_a_session_of_which_nothing_was_said_is_none(self, store: Store) -> None:
        store.record([over(), cancelled()])
        assert store.session("s") is None

    def test_a_stream_is_done_when_its_client_has_it_and_goes_on_when_more_comes(self, store: Store) -> None:
        store.record([final("one"), over()])
        assert the_session(store).state is SessionState.DONE
        store.record([final("two", segment=1)])
        assert the_session(store).state is SessionState.WORKING

    def test_any_text_can_be_kept(self, store: Store) -> None:
        odd = "nul \0, quote ' \" \\ %s :x, 😀"
        store.record([final(odd)])
        (segment,) = store.segments("s")
        assert segment.text == "nul \ufffd, quote ' \" \\ %s :x, 😀"
        assert found(store, "😀") == [("s", 0)]


class TestFiles:
    NEW = NewFile("f", "ann", name="talk.mp3", options=Options(language="zh"))

    def test_a_file_is_a_session_from_its_submission_to_its_last_segment(self, store: Store) -> None:
        begun = store.begin_file(self.NEW)
        assert (begun.kind, begun.state, begun.name) == (SessionKind.FILE, SessionState.SUBMITTED, "talk.mp3")
        assert begun.options == Options(language="zh")
        assert store.plan("f", [Planned(0, 0, 100), Planned(1, 250, 60)], complete=False)
        store.record([final("one", "f", 0, FILE, samples=100)])
        session = the_session(store, "f")
        assert (session.state, session.segments, session.finals, session.samples) == ("working", 2, 1, 160)
        store.plan("f", [], complete=True)
        assert the_session(store, "f").state is SessionState.WORKING
        store.record([final("two", "f", 1, FILE, samples=60)])
        assert the_session(store, "f").state is SessionState.DONE
        assert [(one.at_ms, one.text) for one in store.segments("f")] == [(0, "one"), (250, "two")]

    def test_a_result_that_is_quicker_than_the_plan_is_of_it(self, store: Store) -> None:
        store.begin_file(self.NEW)
        store.record([final("one", "f", 0, FILE, samples=100)])
        store.plan("f", [Planned(0, 40, 100)], complete=True)
        session = the_session(store, "f")
        assert (session.state, session.segments, session.samples) == ("done", 1, 100)
        assert store.segments("f")[0].at_ms == 40

    def test_begun_or_planned_again_it_is_as_it_was(self, store: Store) -> None:
        for _ in range(2):
            store.begin_file(self.NEW)
            store.plan("f", [Planned(0, 0, 100)], complete=True)
        session = the_session(store, "f")
        assert (session.segments, session.samples, session.state) == (1, 100, "working")
        assert [use.sessions for use in store.usage(date.min, date.max)] == [1]

    def test_what_failed_is_tried_again_as_the_next_attempt(self, store: Store) -> None:
        store.begin_file(self.NEW)
        store.plan("f", [Planned(n, 0, 16_000) for n in range(3)], complete=True)
        store.record([final("one", "f", 0, FILE), failure("f", 1, FILE), failure("f", 2, FILE)])
        assert the_session(store, "f").state is SessionState.FAILED
        assert [(one.segment, one.code) for one in store.failed("f")] == [
            (1, ErrorCode.ENGINE_FAILED),
            (2, ErrorCode.ENGINE_FAILED),
        ]
        again = store.retry("f")
        assert [(one.segment, one.attempt, one.state) for one in again] == [(1, 1, "planned"), (2, 1, "planned")]
        store.record([failure("f", 1, FILE)])  # the first attempt's, once more
        assert (the_session(store, "f").state, store.failed("f")) == (SessionState.WORKING, [])
        store.record([final("two", "f", 1, FILE, attempt=1), final("three", "f", 2, FILE, attempt=1)])
        assert the_session(store, "f").state is SessionState.DONE
        assert store.retry("f") == []

    def test_a_state_can_be_set_with_a_reason(self, store: Store) -> None:
        store.begin_file(self.NEW)
        assert store.set_state("f", SessionState.FAILED, "not audio")
        assert (the_session(store, "f").state, the_session(store, "f").reason) == ("failed", "not audio")
        assert not store.set_state("nobody", SessionState.DONE)
        assert not store.plan("nobody", [], complete=True)


class TestAsking:
    @pytest.fixture(autouse=True)
    def _filled(self, store: Store) -> None:
        store.record([final(f"text {n}", f"s{n}", about=(ANN, BOB)[n % 2]) for n in range(5)])

    def test_pages_are_what_comes_before_a_number(self, store: Store) -> None:
        first = store.sessions(EVERYBODY, limit=2)
        second = store.sessions(EVERYBODY, first.next, limit=2)
        third = store.sessions(EVERYBODY, second.next, limit=2)
        ids = [[session.id for session in page.items] for page in (first, second, third)]
        assert ids == [["s4", "s3"], ["s2", "s1"], ["s0"]]
        assert third.next is None

    @pytest.mark.parametrize(
        ("wanted", "ids"),
        [
            (Wanted(owner="ann"), ["s4", "s2", "s0"]),
            (Wanted(tenant="acme"), ["s3", "s1"]),
            (Wanted(tenant=""), ["s4", "s2", "s0"]),
            (Wanted(owner="ann", tenant="acme"), []),
            (Wanted(state=SessionState.DONE), ["s4"]),
            (Wanted(kind=SessionKind.FILE), []),
        ],
    )
    def test_only_those_that_are_wanted(self, store: Store, wanted: Wanted, ids: list[str]) -> None:
        store.record([over("s4")])
        assert [session.id for session in store.sessions(wanted).items] == ids
        assert [session for session, _ in found(store, "text", wanted)] == ids
        assert [one.session.id for one in store.export(wanted).items] == ids

    def test_a_session_of_another_owner_is_not_there(self, store: Store) -> None:
        assert store.session("s0", "ann") is not None
        assert store.session("s0", "bob") is None

    def test_pages_of_hits(self, store: Store) -> None:
        first = store.search("text", EVERYBODY, limit=3)
        second = store.search("text", EVERYBODY, first.next, limit=3)
        assert [hit.session.id for hit in (*first.items, *second.items)] == ["s4", "s3", "s2", "s1", "s0"]
        assert second.next is None

    def test_an_export_has_everything_in_pages(self, store: Store) -> None:
        store.record([final("more", "s1", 1, BOB)])
        first = store.export(EVERYBODY, limit=4)
        last = store.export(EVERYBODY, first.next, limit=4)
        assert last.next is None
        said = [[one.text for one in exported.segments] for exported in (*first.items, *last.items)]
        assert said == [["text 4"], ["text 3"], ["text 2"], ["text 1", "more"], ["text 0"]]

    def test_usage_is_counted_by_day_key_and_tenant(self, store: Store) -> None:
        store.record([final("later", "s0", 1, at_ms=NOON_MS + DAY_MS), failure("s0", 2, at_ms=NOON_MS + DAY_MS)])
        after = NOON + timedelta(days=1)
        assert store.usage(NOON, after, "ann") == [
            Usage(NOON, "ann", "", sessions=3, segments=3, failed=0, samples=48_000, characters=18),
            Usage(after, "ann", "", sessions=0, segments=1, failed=1, samples=16_000, characters=5),
        ]
        assert [use.owner for use in store.usage(NOON, NOON)] == ["ann", "bob"]

    def test_segments_come_in_order_a_part_at_a_time(self, store: Store) -> None:
        store.record([final("x", "long", n) for n in (3, 1, 0, 2)])
        assert [one.segment for one in store.segments("long", limit=3)] == [0, 1, 2]
        assert [one.segment for one in store.segments("long", after=2)] == [3]

    def test_how_much_there_is(self, store: Store) -> None:
        held = store.held()
        assert held == Held(5, 5, held.bytes)
        assert held.bytes > 10_000


class TestSearch:
    def test_a_hit_shows_what_was_searched_for(self, store: Store) -> None:
        store.record([final("我们明天去公园。 " + "好" * 300)])
        (hit,) = store.search("明天", EVERYBODY).items
        assert [hit.excerpt[first:last] for first, last in hit.ranges] == ["明天"]
        assert len(hit.excerpt) <= 202

    @pytest.mark.parametrize("query", ["", "  ", "\"'", "*()&|!:", "\\", "\0"])
    def test_a_query_that_names_nothing_finds_nothing(self, store: Store, query: str) -> None:
        store.record([final("anything")])
        assert store.search(query, EVERYBODY) == Page(())

    def test_nobody_finds_what_belongs_to_another(self, store: Store) -> None:
        store.record([final("shared words", "a", about=ANN), final("shared words", "b", about=BOB)])
        assert found(store, "shared", Wanted(owner="bob")) == [("b", 0)]
        assert found(store, "shared", Wanted(owner="eve")) == []


class TestDeleting:
    def test_what_is_deleted_is_not_found_and_does_not_come_back(self, store: Store) -> None:
        batch = [final("a secret"), final("more", segment=1)]
        store.record([*batch, final("other", "t")])
        assert not store.delete("s", "bob")
        assert store.delete("s", "ann")
        assert not store.delete("s")
        store.record([*batch, final("said later", segment=2)])
        assert store.session("s") is None
        assert found(store, "secret") == []
        assert store.held()[:2] == (1, 1)
        assert [use.segments for use in store.usage(NOON, NOON)] == [3]

    def test_the_oldest_go_first_and_a_few_at_a_time(self, store: Store) -> None:
        store.record([final("x", f"s{n}", at_ms=NOON_MS + n) for n in range(30)])
        left = [store.retain(Limits(days=1)), store.retain(Limits(days=1)), store.retain(Limits(days=1))]
        assert left == [20, 10, 0]
        store.record([final("x" * 1000, f"t{n}", at_ms=NOON_MS + n) for n in range(200)])
        assert store.retain(Limits(days=0, megabytes=2)) == 0
        assert store.retain(Limits(days=0, megabytes=1)) == 20
        assert store.session("t19") is None and store.session("t20") is not None
        assert store.retain(Limits(days=0, megabytes=0)) == 0

    def test_what_is_kept_for_a_while_is_forgotten(self, store: Store) -> None:
        store.record([final("x", at_ms=NOON_MS - 900 * DAY_MS), final("y", segment=1)])
        store.forget()
        assert [use.day for use in store.usage(date.min, date.max)] == [NOON]
