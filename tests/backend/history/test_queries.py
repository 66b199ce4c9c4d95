"""Test the history's queries: pages, scopes and usage."""

from datetime import timedelta

import pytest

from backend.history.records import HistorySize, SessionFilter, Usage
from backend.history.store import Store
from protocol.rest import SessionKind, SessionState
from tests.backend.history.feed import ALL_SESSIONS, ANN, BOB, DAY_MS, NOON, NOON_MS, failure, final, found, over


@pytest.fixture(autouse=True)
def _filled(store: Store) -> None:
    store.record([final(f"text {n}", f"s{n}", about=(ANN, BOB)[n % 2]) for n in range(5)])


def test_pages_of_sessions_follow_the_cursor(store: Store) -> None:
    first = store.sessions(ALL_SESSIONS, limit=2)
    second = store.sessions(ALL_SESSIONS, first.next, limit=2)
    third = store.sessions(ALL_SESSIONS, second.next, limit=2)
    ids = [[session.id for session in page.items] for page in (first, second, third)]
    assert ids == [["s4", "s3"], ["s2", "s1"], ["s0"]]
    assert third.next is None


@pytest.mark.parametrize(
    ("chosen", "ids"),
    [
        (SessionFilter(owner="ann"), ["s4", "s2", "s0"]),
        (SessionFilter(tenant="acme"), ["s3", "s1"]),
        (SessionFilter(tenant=""), ["s4", "s2", "s0"]),
        (SessionFilter(owner="ann", tenant="acme"), []),
        (SessionFilter(state=SessionState.DONE), ["s4"]),
        (SessionFilter(kind=SessionKind.FILE), []),
        (SessionFilter(client="kikipounamu/0.1"), ["s4", "s2", "s0"]),
    ],
)
def test_filter_applies_to_sessions_and_hits(store: Store, chosen: SessionFilter, ids: list[str]) -> None:
    store.record([over("s4")])
    assert [session.id for session in store.sessions(chosen).items] == ids
    assert [session for session, _ in found(store, "text", chosen)] == ids


def test_session_of_another_owner_is_not_found(store: Store) -> None:
    assert store.session("s0", "ann") is not None
    assert store.session("s0", "bob") is None


def test_pages_of_hits_follow_the_cursor(store: Store) -> None:
    first = store.search("text", ALL_SESSIONS, limit=3)
    second = store.search("text", ALL_SESSIONS, first.next, limit=3)
    assert [hit.session.id for hit in (*first.items, *second.items)] == ["s4", "s3", "s2", "s1", "s0"]
    assert second.next is None


def test_page_without_hits_leads_to_next_page(store: Store) -> None:
    store.record([over("s0")])
    done, pages, before = SessionFilter(state=SessionState.DONE), list[list[str]](), None
    while not pages or before:
        page = store.search("text", done, before, limit=2)
        pages.append([hit.session.id for hit in page.items])
        before = page.next
    assert pages == [[], [], ["s0"]]


def test_usage_is_counted_by_day_key_and_tenant(store: Store) -> None:
    store.record([final("later", "s0", 1, at_ms=NOON_MS + DAY_MS), failure("s0", 2, at_ms=NOON_MS + DAY_MS)])
    after = NOON + timedelta(days=1)
    assert store.usage(NOON, after, "ann") == [
        Usage(NOON, "ann", "", sessions=3, segments=3, failed=0, samples=48_000, characters=18),
        Usage(after, "ann", "", sessions=0, segments=1, failed=1, samples=16_000, characters=5),
    ]
    assert [use.owner for use in store.usage(NOON, NOON)] == ["ann", "bob"]


def test_segments_come_in_order_and_in_pages(store: Store) -> None:
    store.record([final("x", "long", n) for n in (3, 1, 0, 2)])
    assert [one.segment for one in store.segments("long", limit=3)] == [0, 1, 2]
    assert [one.segment for one in store.segments("long", after=2)] == [3]


def test_size_counts_sessions_segments_and_bytes(store: Store) -> None:
    size = store.size()
    assert size == HistorySize(5, 5, size.bytes)
    assert size.bytes > 10_000
