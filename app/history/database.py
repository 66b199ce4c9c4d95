"""Open the SQLite file of the index, convert its errors and run its transactions.

One thread owns the file. If it is damaged or of another version, it is deleted and rebuilt. There is no backup:
the journals hold all data, and a backup would keep what a user deletes.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from app.history import search_terms
from app.history.errors import IndexDamaged, IndexUnavailable
from runtime.folders import private_folder

_WAIT_S: Final = 5.0
_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON", "temp_store=MEMORY")
_TABLES: Final = """
CREATE TABLE takes (
    key INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE, started REAL NOT NULL, seconds REAL NOT NULL,
    size INTEGER NOT NULL, state TEXT NOT NULL, language TEXT NOT NULL, model TEXT NOT NULL,
    edited INTEGER NOT NULL, cancelled INTEGER NOT NULL, partly INTEGER NOT NULL, program TEXT NOT NULL,
    revision INTEGER NOT NULL, shown INTEGER NOT NULL, changed INTEGER NOT NULL, noted INTEGER NOT NULL,
    heard INTEGER NOT NULL, settled INTEGER NOT NULL
);
CREATE TABLE texts (key INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE marks (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(terms, content='', columnsize=0, tokenize='ascii', prefix='1');
"""
_CHECKS: Final = ("SELECT * FROM takes", "SELECT * FROM texts", "SELECT rowid FROM words WHERE words MATCH 'a'")
_PASSES: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
    }
)
_FILES: Final = ("", "-wal", "-shm", "-journal")


def connect(place: Path | None) -> sqlite3.Connection:
    """Open the database in the file ``place``, replacing a damaged one; ``None``: in memory.

    Raises ``IndexUnavailable``.
    """
    try:
        try:
            return _connect(place)
        except IndexDamaged:
            if place is not None:
                delete(place)
            return _connect(place)
    except IndexDamaged as error:
        raise IndexUnavailable(str(error)) from error


def delete(place: Path) -> None:
    """Delete a database that is not open. Raises ``IndexUnavailable``."""
    try:
        for ending in _FILES:
            place.with_name(place.name + ending).unlink(missing_ok=True)
    except OSError as error:
        raise IndexUnavailable(f"{place} cannot be deleted: {error.strerror}") from error


@contextmanager
def errors(name: str = "the index of the history") -> Iterator[None]:
    """Convert errors of SQLite to ``IndexUnavailable`` or ``IndexDamaged``."""
    try:
        yield
    except sqlite3.ProgrammingError:  # a bug in this program
        raise
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _PASSES:
            raise IndexUnavailable(f"{name} cannot be used now: {error}") from error
        raise IndexDamaged(f"{name} is damaged: {error}") from error


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Run a transaction: commit, or roll back on any error."""
    with errors():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite rolls back by itself if the disk is full
                connection.execute("ROLLBACK")
            raise


def _connect(place: Path | None) -> sqlite3.Connection:
    if place is not None:
        _make_private(place)
    name = str(place or ":memory:")
    with errors(name):
        connection = sqlite3.connect(name, timeout=_WAIT_S, isolation_level=None)
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}").close()
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _make_private(place: Path) -> None:
    """Create the file with mode 0600, which SQLite copies to the files that it creates next to it."""
    try:
        private_folder(place.parent)
        os.close(os.open(place, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise IndexUnavailable(f"{place} cannot be opened: {error.strerror}") from error


def schema() -> int:
    """Return the version of the index format; search terms are part of it."""
    return 1_000 * 5 + search_terms.version()


def _prepare(connection: sqlite3.Connection) -> None:
    """Create the tables, or check that existing ones are readable."""
    wanted = schema()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    if version != wanted and (version or tables):
        raise IndexDamaged(f"the index of the history is of version {version}, not {wanted}")
    if not tables:
        connection.executescript(f"BEGIN;{_TABLES}PRAGMA user_version={wanted};COMMIT;")
    for query in _CHECKS:
        connection.execute(f"{query} LIMIT 1").fetchone()
