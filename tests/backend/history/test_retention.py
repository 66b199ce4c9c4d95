"""Test the deletion of sessions by users and by limits."""

import time
from contextlib import closing
from datetime import date

from backend.history.records import HistoryLimits
from backend.history.store import Store, open_store
from tests.backend.history.feed import DAY_MS, NOON, NOON_MS, final, found


def test_deleted_session_is_not_found_and_does_not_come_back(store: Store) -> None:
    batch = [final("a secret"), final("more", segment=1)]
    store.record([*batch, final("other", "t")])
    assert not store.delete("s", "bob")
    assert store.delete("s", "ann")
    assert not store.delete("s")
    store.record([*batch, final("said later", segment=2)])
    assert store.session("s") is None
    assert found(store, "secret") == []
    assert store.size()[:2] == (1, 1)
    assert [use.segments for use in store.usage(NOON, NOON)] == [3]


def test_oldest_sessions_are_deleted_first_in_small_steps(store: Store) -> None:
    store.record([final("x", f"s{n}", at_ms=NOON_MS + n) for n in range(30)])
    left = [
        store.retain(HistoryLimits(days=1)),
        store.retain(HistoryLimits(days=1)),
        store.retain(HistoryLimits(days=1)),
    ]
    assert left == [20, 10, 0]
    store.record([final("x" * 1000, f"t{n}", at_ms=NOON_MS + n) for n in range(200)])
    assert store.retain(HistoryLimits(days=0, megabytes=2)) == 0
    assert store.retain(HistoryLimits(days=0, megabytes=1)) == 20
    assert store.session("t19") is None and store.session("t20") is not None
    assert store.retain(HistoryLimits(days=0, megabytes=0)) == 0


def test_no_more_sessions_are_deleted_than_the_size_limit_requires(store: Store) -> None:
    store.record([final("x" * 100_000, f"s{n}", at_ms=NOON_MS + n) for n in range(4)])  # 0.8 MB each
    assert [store.retain(HistoryLimits(days=0, megabytes=3)) for _ in range(2)] == [1, 0]
    assert store.session("s0") is None and store.session("s1") is not None


def test_session_is_not_old_by_the_clock_of_a_gateway_alone(postgres_with_tables: str) -> None:
    """The gateway starts years ahead; PostgreSQL's server knows the time."""
    store = open_store(postgres_with_tables, lambda: time.time() + 3_000 * 86_400)
    with closing(store):
        now_ms = round(time.time() * 1000)
        store.record([final("x", "ahead", at_ms=now_ms), final("x", "old", at_ms=now_ms - 10 * DAY_MS)])
        while store.retain(HistoryLimits(days=5)):
            pass
        store.forget()
        assert store.session("ahead") is not None and store.session("old") is None
        assert store.delete("ahead")


def test_old_usage_is_forgotten(store: Store) -> None:
    store.record([final("x", at_ms=NOON_MS - 900 * DAY_MS), final("y", segment=1)])
    store.forget()
    assert [use.day for use in store.usage(date.min, date.max)] == [NOON]
