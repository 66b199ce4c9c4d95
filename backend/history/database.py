"""Connect to the history's database and translate its errors. Use from one thread only.

SQLite writes through to the disk at each commit (``synchronous=FULL``). The broker deletes an entry after the
commit, so a power loss must not undo it. ``secure_delete`` overwrites deleted rows.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, SQLAlchemyError

from backend.core.errors import HistoryRefused, HistoryUnavailable
from runtime.installing import extra_command

_CONNECT_S: Final = 5
_STATEMENT_S: Final = 30
_LOCK_S: Final = 4  # well below the deadline of callers (``history_thread.ASK_S``)
_CHECKPOINT_MS: Final = 200
_TOO_MUCH: Final = "54"  # PostgreSQL's error class for values above a hard size limit
_RETRY_S: Final = 0.02
_PRAGMAS: Final = (
    f"busy_timeout={_LOCK_S * 1000}",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "temp_store=MEMORY",
)
_READS: Final = {"reads": True}


class Database:
    """Connections and transactions of the history's database.

    ``url``: ``sqlite:///FILE`` or ``postgresql://…``. The connection opens at first use.
    """

    def __init__(self, url: str) -> None:
        self.url = _parse_url(url)
        self._engine = _engine(self.url)
        self._reader = self._engine.execution_options(**_READS)

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is SQLite, not PostgreSQL."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def place(self) -> str:
        """The URL of the database without its password."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that commits completely or not at all.

        Raises ``HistoryUnavailable`` or ``HistoryRefused``.
        """
        with self._errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a read transaction on one consistent state. Raises ``HistoryUnavailable``."""
        with self._errors(), self._reader.begin() as connection:
            yield connection

    def checkpoint(self) -> bool:
        """Empty SQLite's write-ahead log. Return False if a reader still uses the log.

        Waits at most 200 ms for readers. Raises ``HistoryUnavailable``.
        """
        with self._errors(), self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA busy_timeout={_CHECKPOINT_MS}").close()
            try:
                busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                driver.execute(f"PRAGMA busy_timeout={_LOCK_S * 1000}").close()
            return not busy

    def close(self) -> None:
        """Close all database connections. Safe to call twice."""
        self._engine.dispose()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (DataError, IntegrityError, OverflowError, ValueError) as error:  # drivers raise the last two
            raise HistoryRefused(f"the history's database does not take this: {_error_text(error)}") from error
        except (SQLAlchemyError, OSError) as error:
            if str(getattr(getattr(error, "orig", None), "sqlstate", "")).startswith(_TOO_MUCH):
                raise HistoryRefused(f"the history's database does not take this: {_error_text(error)}") from error
            raise HistoryUnavailable(
                f"the history in {self.place} cannot be used now: {_error_text(error)}"
            ) from error


def switch_to_wal(connection: sqlite3.Connection) -> None:
    """Let a file have a write-ahead log. Raises ``sqlite3.OperationalError``.

    Two programs that switch a new file at once refuse each other without waiting, whatever ``busy_timeout`` says.
    """
    end = time.monotonic() + _LOCK_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(_RETRY_S)


def _error_text(error: Exception) -> str:
    """Return the first line of a database error, never the statement: statements contain speech."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().partition("\n")[0] or type(cause).__name__


def _parse_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise HistoryUnavailable("not the URL of a database: sqlite:///FILE or postgresql://…") from error
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def _engine(url: URL) -> Engine:
    try:
        return _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    except ImportError as error:
        raise HistoryUnavailable(f"PostgreSQL needs the package psycopg: run {extra_command('server')}") from error
    except SQLAlchemyError as error:
        raise HistoryUnavailable(f"not the URL of a database that can be used: {error}") from error


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, pool_size=1, max_overflow=0, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the listener below begins transactions, not the driver
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()
        switch_to_wal(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    @event.listens_for(engine, "do_connect")
    def make_private(*_: object) -> None:
        """Create the file with mode 0600; SQLite gives its companion files the same mode.

        The folder may belong to other programs, too: only a new one is made private.
        """
        place = Path(url.database or "history.sqlite")
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(place, os.O_RDWR | os.O_CREAT, 0o600))

    return engine


def _postgresql(url: URL) -> Engine:
    limits = {
        "statement_timeout": _STATEMENT_S,
        "lock_timeout": _LOCK_S,
        "idle_in_transaction_session_timeout": 60,
    }
    return create_engine(
        url,
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": _CONNECT_S,
            "application_name": "kikipounamu",
            "keepalives_idle": 10,
            "tcp_user_timeout": _STATEMENT_S * 1000,
            "options": " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items()),
        },
    )
