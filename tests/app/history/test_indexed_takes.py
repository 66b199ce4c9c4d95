"""History survives any failure of its index, and deleted texts are erased."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.history.errors import IndexUnavailable
from app.history.indexed_takes import MOST_IN_MEMORY, IndexOwner
from app.journal.library import Library
from app.journal.take import TakeState
from tests.app.history.takes import damage, record, session, written_below
from tests.helpers.takes import write_take


@pytest.fixture
def keeper(library: Library, place: Path) -> Iterator[IndexOwner]:
    keeper = IndexOwner(library, place)
    yield keeper
    keeper.close()


def refresh(keeper: IndexOwner) -> None:
    for _ in keeper.refresh():
        pass


def is_stale(keeper: IndexOwner) -> bool:
    return keeper.stale


def texts(keeper: IndexOwner, query: str = "") -> list[str]:
    return [row.text for row in keeper.page(99, query=query)]


def test_keeper_lists_finds_and_counts_takes(library: Library, keeper: IndexOwner, place: Path) -> None:
    for number in range(4):
        record(library, number, f"take {number} 天气")
    refresh(keeper)
    assert texts(keeper, "天气") == [f"take {number} 天气" for number in (3, 2, 1, 0)]
    assert len(keeper.keys()) == len(keeper.keys("天")) == 4
    keys = keeper.keys("take")
    assert [row.text for row in keeper.rows(keys[1:3])] == ["take 2 天气", "take 1 天气"]
    assert (keeper.problem, is_stale(keeper)) == ("", False)
    keeper.close()
    keeper.close()
    again = IndexOwner(library, place)
    assert len(texts(again)) == 4  # before a refresh
    again.close()


def test_page_shows_live_state_of_take_in_use(library: Library, keeper: IndexOwner) -> None:
    record(library, 1, "a", None)
    record(library, 2, "b")
    refresh(keeper)
    with library.reopen(session(1)), library.reopen(session(2)):
        assert [row.state for row in keeper.page(9)] == [TakeState.DONE, TakeState.LIVE]
    assert [row.state for row in keeper.page(9)] == [TakeState.DONE, TakeState.WAITING]
    with library.reopen(session(1)) as journal:
        journal.edit("edited")
    keeper.read([session(1)])
    assert texts(keeper) == ["b", "edited"]


def test_keeper_rebuilds_damaged_index(library: Library, place: Path) -> None:
    record(library, 1, "a")
    keeper = IndexOwner(library, place)
    refresh(keeper)
    keeper.close()
    damage(place)
    assert texts(keeper) == [] and not keeper.problem
    refresh(keeper)
    assert texts(keeper) == ["a"]
    keeper.close()


def test_keeper_rebuilds_index_damaged_during_use(library: Library, place: Path) -> None:
    for number in range(300):
        write_take(library.root, session(number), number, "many words " * 30)
    keeper = IndexOwner(library, place)
    refresh(keeper)
    keeper.close()
    assert len(keeper.page(1)) == 1  # opened with few pages read
    damage(place)
    assert keeper.page(300) == [] and is_stale(keeper)
    refresh(keeper)
    assert not is_stale(keeper) and len(keeper.keys("words")) == 300
    keeper.close()


def test_keeper_is_stale_when_refresh_finds_damage(library: Library, place: Path) -> None:
    for number in range(300):
        write_take(library.root, session(number), number, "many words " * 30)
    keeper = IndexOwner(library, place)
    refresh(keeper)
    keeper.close()
    assert len(keeper.page(1)) == 1
    damage(place)
    refresh(keeper)
    assert is_stale(keeper)
    refresh(keeper)
    assert not is_stale(keeper) and len(keeper.keys()) == 300
    keeper.close()


def test_keeper_uses_memory_when_file_cannot_be_created(library: Library, place: Path) -> None:
    record(library, 1, "a")
    place.parent.write_text("no folder")
    keeper = IndexOwner(library, place)
    refresh(keeper)
    assert texts(keeper, "a") == ["a"] and "cannot be opened" in keeper.problem
    place.parent.unlink()
    refresh(keeper)
    assert texts(keeper, "a") == ["a"] and not keeper.problem
    assert place.is_file() and MOST_IN_MEMORY >= 1_000
    keeper.close()


def test_forget_and_purge_erase_texts_from_files(library: Library, keeper: IndexOwner, place: Path) -> None:
    for number in range(50):
        write_take(library.root, session(number), number, f"secret{number}x")
    refresh(keeper)
    keeper.forget([session(7), session(8)])
    assert len(keeper.keys()) == 48 and len(keeper.keys("secret7x")) == 0
    while keeper.purge():
        pass
    assert b"secret7x" not in written_below(place.parent) and b"secret9x" in written_below(place.parent)
    keeper.forget([session(9)])
    keeper.close()
    assert b"secret9x" not in written_below(place.parent) and b"secret10x" in written_below(place.parent)


def test_forget_deletes_index_when_disk_is_full(library: Library, keeper: IndexOwner, place: Path) -> None:
    for number in range(50):
        write_take(library.root, session(number), number, f"secret{number}x")
    refresh(keeper)
    assert keeper._opened is not None
    keeper._opened[0]._connection.execute("PRAGMA query_only=ON")  # refuses writes like a full disk
    library.delete(session(7))
    keeper.forget([session(7)])
    assert is_stale(keeper) and b"secret7x" not in written_below(place.parent)
    refresh(keeper)
    assert len(keeper.keys()) == 49 and b"secret7x" not in written_below(place.parent)


def test_forget_raises_when_index_cannot_be_deleted(library: Library, keeper: IndexOwner, place: Path) -> None:
    record(library, 1, "a")
    refresh(keeper)
    assert keeper._opened is not None
    keeper._opened[0]._connection.execute("PRAGMA query_only=ON")
    place.with_name(f"{place.name}-journal").mkdir()
    with pytest.raises(IndexUnavailable, match="cannot be deleted"):
        keeper.forget([session(1)])
