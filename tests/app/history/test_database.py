"""A file that cannot be used is made again, and what stands in the way of that is told."""

import sqlite3
import stat
from pathlib import Path

import pytest

from app.history.database import connect, delete, errors, schema, writing
from app.history.errors import IndexDamaged, IndexUnavailable


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def fill(place: Path) -> None:
    connection = connect(place)
    connection.execute("INSERT INTO texts VALUES (1, 'before')")
    connection.close()


def texts(place: Path) -> list[str]:
    connection = connect(place)
    found = [text for (text,) in connection.execute("SELECT text FROM texts")]
    connection.close()
    return found


def test_it_is_made_private_and_kept(place: Path) -> None:
    connection = connect(place)
    assert version(connection) == schema()
    connection.execute("INSERT INTO texts VALUES (1, 'before')")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in place.parent.iterdir()}
    assert set(modes.values()) == {0o600} and len(modes) == 3
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    connection.close()
    assert texts(place) == ["before"]


def test_without_a_file_it_is_in_memory() -> None:
    connection = connect(None)
    assert version(connection) == schema()
    connection.close()


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5_000])
def test_a_file_that_is_none_is_made_again(place: Path, damage: bytes) -> None:
    fill(place)
    place.write_bytes(damage)
    assert texts(place) == []
    assert not [file for file in place.parent.iterdir() if damage in file.read_bytes()]


OTHERS = [f"PRAGMA user_version={schema() + 1}", "DROP TABLE takes", "DROP TABLE words"]


@pytest.mark.parametrize("statement", OTHERS)
def test_a_file_of_another_version_is_made_again(place: Path, statement: str) -> None:
    fill(place)
    connection = sqlite3.connect(place)
    connection.execute(statement)
    connection.close()
    assert texts(place) == []
    connection = sqlite3.connect(place)
    connection.execute("PRAGMA user_version=0")  # somebody else's
    connection.close()
    fill(place)
    assert texts(place) == ["before"]


def test_damage_in_the_middle_is_noticed(place: Path) -> None:
    connection = connect(place)
    with writing(connection):
        connection.executemany("INSERT INTO texts VALUES (?, ?)", [(n, "text" * 500) for n in range(200)])
    connection.close()
    whole = bytearray(place.read_bytes())
    whole[40_000:200_000] = b"\x5a" * 160_000
    place.write_bytes(whole)
    connection = connect(place)
    with pytest.raises(IndexDamaged), errors():
        connection.execute("SELECT sum(length(text)) FROM texts").fetchall()
    connection.close()
    delete(place)
    delete(place)
    assert list(place.parent.iterdir()) == []


def test_where_nothing_can_be_made_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(IndexUnavailable, match="cannot be opened"):
        connect(tmp_path / "file" / "index.sqlite")
    (tmp_path / "history" / "index.sqlite" / "more").mkdir(parents=True)
    with pytest.raises(IndexUnavailable, match="cannot be opened"):
        connect(tmp_path / "history" / "index.sqlite")
    with pytest.raises(IndexUnavailable, match="cannot be deleted"):
        delete(tmp_path / "history" / "index.sqlite")


def test_a_transaction_is_done_as_a_whole_or_not_at_all() -> None:
    connection = connect(None)
    with pytest.raises(KeyError), writing(connection):
        connection.execute("INSERT INTO texts VALUES (1, 'a')")
        raise KeyError
    with writing(connection):
        connection.execute("INSERT INTO texts VALUES (1, 'b')")
    assert connection.execute("SELECT text FROM texts").fetchall() == [("b",)]
    connection.close()


def test_our_own_mistakes_stay_what_they_are() -> None:
    connection = connect(None)
    with pytest.raises(sqlite3.ProgrammingError), errors():
        connection.execute("SELECT ?", ())
    connection.close()
