"""Test connections, transactions and errors of each kind of database."""

import secrets
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from backend.core.errors import HistoryRefused, HistoryUnavailable
from backend.history.database import Database, switch_to_wal
from backend.history.history_thread import ASK_S
from tests.helpers.postgres import Postgres


def test_sqlite_is_private_and_writes_through(tmp_path: Path) -> None:
    place = tmp_path / "folder" / "history.sqlite"
    database = Database(f"sqlite:///{place}")
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE x (a INTEGER UNIQUE)"))
        pragmas = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
        files = {path.name: path.stat().st_mode & 0o777 for path in place.parent.iterdir()}
    database.close()
    assert pragmas == ["wal", 2]
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert set(files.values()) == {0o600}


def test_existing_folder_of_sqlite_keeps_its_mode(tmp_path: Path) -> None:
    (folder := tmp_path / "srv").mkdir()
    folder.chmod(0o755)
    database = Database(f"sqlite:///{folder}/history.sqlite")
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE x (a INTEGER)"))
        files = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    database.close()
    assert folder.stat().st_mode & 0o777 == 0o755, "other programs may use this folder"
    assert set(files.values()) == {0o600}


class LockedConnection(sqlite3.Connection):
    """Connection whose switch to a write-ahead log fails with these error codes first."""

    refusals: list[int]

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        if "journal_mode=" in sql and self.refusals:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = self.refusals.pop(0)
            raise error
        return super().execute(sql, *arguments)


def test_switch_to_write_ahead_log_is_tried_again_when_another_program_switches_too(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "history.sqlite", factory=LockedConnection)
    connection.refusals = [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY]
    switch_to_wal(connection)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.refusals = [sqlite3.SQLITE_READONLY]
    with pytest.raises(sqlite3.OperationalError):
        switch_to_wal(connection)
    connection.close()


def test_transaction_is_all_or_nothing(empty_url: str) -> None:
    database = Database(empty_url)
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE x (a INTEGER UNIQUE)"))
    with pytest.raises(HistoryRefused), database.writing() as connection:
        connection.execute(text("INSERT INTO x VALUES (1)"))
        connection.execute(text("INSERT INTO x VALUES (1)"))
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM x")).scalar() == 0
    database.close()
    database.close()


def test_database_can_be_read_while_another_connection_writes(empty_url: str) -> None:
    one, other = Database(empty_url), Database(empty_url)
    with one.writing() as connection:
        connection.execute(text("CREATE TABLE x (a INTEGER)"))
    with one.writing() as connection:
        connection.execute(text("INSERT INTO x VALUES (1)"))
        with other.reading() as reading:
            assert reading.execute(text("SELECT count(*) FROM x")).scalar() == 0
    one.close()
    other.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:secret@/nowhere?host=/nonexistent",
        "sqlite:////proc/nothing/history.sqlite",
        "what://is/it",
    ],
)
def test_unreachable_database_is_unavailable_and_error_hides_password(url: str) -> None:
    with pytest.raises(HistoryUnavailable) as raised:
        database = Database(url)
        with database.reading():
            pass
    assert "secret" not in str(raised.value)


def test_database_error_contains_no_values(empty_url: str) -> None:
    database = Database(empty_url)
    with pytest.raises(HistoryUnavailable) as raised, database.writing() as connection:
        connection.execute(text("INSERT INTO nothing VALUES (:value)"), {"value": "a secret"})
    assert "a secret" not in str(raised.value)
    database.close()


def test_checkpoint_empties_write_ahead_log(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/history.sqlite")
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE x (a INTEGER)"))
    log = tmp_path / "history.sqlite-wal"
    assert log.stat().st_size > 0
    assert database.checkpoint()
    assert log.stat().st_size == 0
    database.close()


def test_checkpoint_waits_for_readers_less_than_callers_may_wait(tmp_path: Path) -> None:
    database, reader = (Database(f"sqlite:///{tmp_path}/history.sqlite") for _ in range(2))
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE x (a INTEGER)"))
    with reader.reading() as reading:
        reading.execute(text("SELECT count(*) FROM x"))
        with database.writing() as connection:
            connection.execute(text("INSERT INTO x VALUES (1)"))
        assert not database.checkpoint()
    with database.reading() as connection:
        assert 1000 < connection.execute(text("PRAGMA busy_timeout")).scalar_one() <= ASK_S * 1000 / 2
    assert database.checkpoint()
    database.close()
    reader.close()


def test_value_too_large_for_postgresql_is_refused(postgres: Postgres) -> None:
    database = Database(postgres.new_database())
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE x (a TEXT UNIQUE)"))
    with pytest.raises(HistoryRefused), database.writing() as connection:
        connection.execute(text("INSERT INTO x VALUES (:a)"), {"a": secrets.token_hex(10_000)})
    database.close()
