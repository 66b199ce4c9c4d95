"""History survives any failure of its index, and deleted texts are erased."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.history.errors import IndexUnavailable
from app.history.indexed_takes import MOST_IN_MEMORY, IndexOwner
from app.journal.library import Library
from app.journal.take import TakeState
from protocol.errors import ErrorCode
from protocol.session import Failed
from tests.app.history.takes import damage, record, session, written_below
from tests.helpers.takes import write_take


@pytest.fixture
def owner(library: Library, place: Path) -> Iterator[IndexOwner]:
    owner = IndexOwner(library, place)
    yield owner
    owner.close()


def refresh(owner: IndexOwner) -> None:
    for _ in owner.refresh():
        pass


def is_stale(owner: IndexOwner) -> bool:
    return owner.stale


def texts(owner: IndexOwner, query: str = "") -> list[str]:
    return [row.text for row in owner.page(99, query=query)]


def test_owner_lists_finds_and_counts_takes(library: Library, owner: IndexOwner, place: Path) -> None:
    for number in range(4):
        record(library, number, f"take {number} 天气")
    refresh(owner)
    assert texts(owner, "天气") == [f"take {number} 天气" for number in (3, 2, 1, 0)]
    assert len(owner.keys()) == len(owner.keys("天")) == 4
    keys = owner.keys("take")
    assert [row.text for row in owner.rows(keys[1:3])] == ["take 2 天气", "take 1 天气"]
    assert (owner.problem, is_stale(owner)) == ("", False)
    owner.close()
    owner.close()
    again = IndexOwner(library, place)
    assert len(texts(again)) == 4  # before a refresh
    again.close()


def test_unfinished_takes_match_the_query_and_are_not_in_use(library: Library, owner: IndexOwner) -> None:
    for number, outcome in enumerate((None, "b", Failed(1, ErrorCode.ENGINE_DIED, "it died"), None)):
        record(library, number, "天气" if number else "a", outcome)
    refresh(owner)

    def unfinished(query: str = "") -> list[UUID]:
        return [row.session for row in owner.rows(owner.keys(query, unfinished=True))]

    assert unfinished() == [session(3), session(2), session(0)] and len(owner.keys()) == 4
    assert unfinished("天气") == [session(3), session(2)]
    with library.reopen(session(3)):
        assert unfinished() == [session(2), session(0)]


def test_page_shows_live_state_of_take_in_use(library: Library, owner: IndexOwner) -> None:
    record(library, 1, "a", None)
    record(library, 2, "b")
    refresh(owner)
    with library.reopen(session(1)), library.reopen(session(2)):
        assert [row.state for row in owner.page(9)] == [TakeState.DONE, TakeState.LIVE]
    assert [row.state for row in owner.page(9)] == [TakeState.DONE, TakeState.WAITING]
    with library.reopen(session(1)) as journal:
        journal.edit("edited")
    owner.read([session(1)])
    assert texts(owner) == ["b", "edited"]


def test_owner_rebuilds_damaged_index(library: Library, place: Path) -> None:
    record(library, 1, "a")
    owner = IndexOwner(library, place)
    refresh(owner)
    owner.close()
    damage(place)
    assert texts(owner) == [] and not owner.problem
    refresh(owner)
    assert texts(owner) == ["a"]
    owner.close()


def test_owner_rebuilds_index_damaged_during_use(library: Library, place: Path) -> None:
    for number in range(300):
        write_take(library.root, session(number), number, "many words " * 30)
    owner = IndexOwner(library, place)
    refresh(owner)
    owner.close()
    assert len(owner.page(1)) == 1  # opened with few pages read
    damage(place)
    assert owner.page(300) == [] and is_stale(owner)
    refresh(owner)
    assert not is_stale(owner) and len(owner.keys("words")) == 300
    owner.close()


def test_owner_is_stale_when_refresh_finds_damage(library: Library, place: Path) -> None:
    for number in range(300):
        write_take(library.root, session(number), number, "many words " * 30)
    owner = IndexOwner(library, place)
    refresh(owner)
    owner.close()
    assert len(owner.page(1)) == 1
    damage(place)
    refresh(owner)
    assert is_stale(owner)
    refresh(owner)
    assert not is_stale(owner) and len(owner.keys()) == 300
    owner.close()


def test_refresh_ends_when_the_index_is_rebuilt_meanwhile(library: Library, owner: IndexOwner) -> None:
    for number in range(100):
        write_take(library.root, session(number), number, "text")
    refreshing = owner.refresh()
    assert [next(refreshing).done, next(refreshing).done] == [0, 64]
    assert owner._opened is not None
    owner._opened[0]._connection.execute("PRAGMA query_only=ON")  # refuses writes like a full disk
    library.delete(session(99))
    owner.forget([session(99)])
    assert list(refreshing) == [] and is_stale(owner)
    refresh(owner)
    assert not is_stale(owner) and len(owner.keys()) == 99


def test_owner_uses_memory_when_file_cannot_be_created(library: Library, place: Path) -> None:
    record(library, 1, "a")
    place.parent.write_text("no folder")
    owner = IndexOwner(library, place)
    refresh(owner)
    assert texts(owner, "a") == ["a"] and "cannot be opened" in owner.problem
    place.parent.unlink()
    refresh(owner)
    assert texts(owner, "a") == ["a"] and not owner.problem
    assert place.is_file() and MOST_IN_MEMORY >= 1_000
    owner.close()


def test_forget_and_purge_erase_texts_from_files(library: Library, owner: IndexOwner, place: Path) -> None:
    for number in range(50):
        write_take(library.root, session(number), number, f"secret{number}x")
    refresh(owner)
    owner.forget([session(7), session(8)])
    assert len(owner.keys()) == 48 and len(owner.keys("secret7x")) == 0
    while owner.purge():
        pass
    assert b"secret7x" not in written_below(place.parent) and b"secret9x" in written_below(place.parent)
    owner.forget([session(9)])
    owner.close()
    assert b"secret9x" not in written_below(place.parent) and b"secret10x" in written_below(place.parent)


def test_forget_deletes_index_when_disk_is_full(library: Library, owner: IndexOwner, place: Path) -> None:
    for number in range(50):
        write_take(library.root, session(number), number, f"secret{number}x")
    refresh(owner)
    assert owner._opened is not None
    owner._opened[0]._connection.execute("PRAGMA query_only=ON")  # refuses writes like a full disk
    library.delete(session(7))
    owner.forget([session(7)])
    assert is_stale(owner) and b"secret7x" not in written_below(place.parent)
    refresh(owner)
    assert len(owner.keys()) == 49 and b"secret7x" not in written_below(place.parent)


def test_forget_raises_when_index_cannot_be_deleted(library: Library, owner: IndexOwner, place: Path) -> None:
    record(library, 1, "a")
    refresh(owner)
    assert owner._opened is not None
    owner._opened[0]._connection.execute("PRAGMA query_only=ON")
    place.with_name(f"{place.name}-journal").mkdir()
    with pytest.raises(IndexUnavailable, match="cannot be deleted"):
        owner.forget([session(1)])
