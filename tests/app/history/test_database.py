"""Unusable database files are rebuilt, and obstacles are reported."""

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


def test_connect_creates_private_lasting_file(place: Path) -> None:
    connection = connect(place)
    assert version(connection) == schema()
    connection.execute("INSERT INTO texts VALUES (1, 'before')")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in place.parent.iterdir()}
    assert set(modes.values()) == {0o600} and len(modes) == 3
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    connection.close()
    assert texts(place) == ["before"]


def test_connect_without_file_uses_memory() -> None:
    connection = connect(None)
    assert version(connection) == schema()
    connection.close()


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5_000])
def test_connect_rebuilds_file_that_is_no_database(place: Path, damage: bytes) -> None:
    fill(place)
    place.write_bytes(damage)
    assert texts(place) == []
    assert not [file for file in place.parent.iterdir() if damage in file.read_bytes()]


OTHERS = [
    f"PRAGMA user_version={schema() + 1}",
    "PRAGMA user_version=0",  # the version of a foreign file
    "DROP TABLE takes",
    "DROP TABLE words",
]


@pytest.mark.parametrize("statement", OTHERS)
def test_connect_rebuilds_file_of_other_version(place: Path, statement: str) -> None:
    fill(place)
    connection = sqlite3.connect(place)
    connection.execute(statement)
    connection.close()
    assert texts(place) == []
    fill(place)
    assert texts(place) == ["before"]


def test_damaged_page_raises_index_damaged(place: Path) -> None:
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


def test_connect_raises_when_file_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(IndexUnavailable, match="cannot be opened"):
        connect(tmp_path / "file" / "index.sqlite")
    (tmp_path / "history" / "index.sqlite" / "more").mkdir(parents=True)
    with pytest.raises(IndexUnavailable, match="cannot be opened"):
        connect(tmp_path / "history" / "index.sqlite")
    with pytest.raises(IndexUnavailable, match="cannot be deleted"):
        delete(tmp_path / "history" / "index.sqlite")


def test_failed_transaction_is_rolled_back() -> None:
    connection = connect(None)
    with pytest.raises(KeyError), writing(connection):
        connection.execute("INSERT INTO texts VALUES (1, 'a')")
        raise KeyError
    with writing(connection):
        connection.execute("INSERT INTO texts VALUES (1, 'b')")
    assert connection.execute("SELECT text FROM texts").fetchall() == [("b",)]
    connection.close()


def test_programming_errors_are_not_converted() -> None:
    connection = connect(None)
    with pytest.raises(sqlite3.ProgrammingError), errors():
        connection.execute("SELECT ?", ())
    connection.close()
