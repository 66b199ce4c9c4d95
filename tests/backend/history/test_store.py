"""Test opening, closing and purging a store; other modules test its queries."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.core.errors import HistoryUnavailable
from backend.history.store import Store, open_store
from tests.backend.history.feed import DAY_MS, NOON_MS, final, stored_session
from tests.helpers.postgres import Postgres


def test_recorded_segments_survive_reopening(database_url: str) -> None:
    for number in range(2):
        store = open_store(database_url)
        store.record([final(f"text {number}", segment=number)])
        assert stored_session(store).segments == number + 1
        store.close()
        store.close()


def test_stopped_database_is_unavailable_and_used_again_later(postgres: Postgres) -> None:
    store = open_store(postgres.new_database())
    store.record([final()])
    postgres.stop()
    try:
        with pytest.raises(HistoryUnavailable):
            store.record([final(segment=1)])
    finally:
        postgres.start()
    store.record([final(), final(segment=1)])
    assert stored_session(store).finals == 2
    store.close()


def test_deleted_sessions_are_listed_since_a_time(store: Store) -> None:
    store.record([final(), final(session="other")])
    assert store.deleted_sessions(0) == set()
    store.delete("s")
    now_ms = NOON_MS + 2 * DAY_MS
    assert (store.deleted_sessions(0), store.deleted_sessions(now_ms), store.deleted_sessions(now_ms + 1)) == (
        {"s"},
        {"s"},
        set(),
    )


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "history.sqlite"


def test_file_that_is_no_database_is_unchanged(file: Path) -> None:
    file.write_bytes(b"something else " * 1000)
    with pytest.raises(HistoryUnavailable, match="not a database"):
        open_store(f"sqlite:///{file}")
    assert file.read_bytes().startswith(b"something else")


def purge(store: Store) -> None:
    """Purge until no work remains."""
    while store.purge():
        pass


def test_deleted_text_cannot_be_read_in_the_file(file: Path) -> None:
    store: Store = open_store(f"sqlite:///{file}")
    secret, other = "quicksilver 水银泻地", "gold"
    store.record([final(secret), final(other, "t")])
    purge(store)
    store.delete("s")
    purge(store)
    assert not store.purge()
    bytes_of = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    store.close()
    assert b"gold" in bytes_of
    assert not any(word.encode() in bytes_of for word in ("quicksilver", "水银"))


def test_database_without_utf8_is_unavailable(postgres: Postgres) -> None:
    with pytest.raises(HistoryUnavailable, match="LATIN1.*UTF8"):
        open_store(postgres.new_database("LATIN1"))
