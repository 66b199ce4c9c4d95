"""The history's database: connections, transactions, and its errors as ours. Used from one thread.

SQLite writes through to the disk at each commit (``synchronous=FULL``): what is committed here is deleted in the
broker, so not even a power loss may take it back. ``secure_delete`` overwrites what is deleted.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, SQLAlchemyError

from backend.errors import HistoryRefused, HistoryUnavailable
from runtime.folders import private_folder

_CONNECT_S: Final = 5
_STATEMENT_S: Final = 30
_LOCK_S: Final = 4  # well below what whoever asks waits (``keeper.ASK_S``)
_CHECKPOINT_MS: Final = 200
_TOO_MUCH: Final = "54"  # the class of PostgreSQL's errors for what is larger than it can ever be
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "temp_store=MEMORY",
    f"busy_timeout={_LOCK_S * 1000}",
)
_READS: Final = {"reads": True}


class Database:
    """``url``: ``sqlite:///FILE`` or ``postgresql://…``. Connects when it is first used."""

    def __init__(self, url: str) -> None:
        self.url = _parsed(url)
        self._engine = _engine(self.url)
        self._reader = self._engine.execution_options(**_READS)

    @property
    def is_sqlite(self) -> bool:
        """Which of the two it is."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def place(self) -> str:
        """Where it is, without the password."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all of it or nothing. Raises ``HistoryUnavailable`` or ``HistoryRefused``."""
        with self._errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A look at one state of it. Raises ``HistoryUnavailable``."""
        with self._errors(), self._reader.begin() as connection:
            yield connection

    def checkpoint(self) -> bool:
        """Empty SQLite's write-ahead log; False: somebody reads from it, and is hardly waited for.

        Raises ``HistoryUnavailable``.
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
        """Let go of it. Safe to call twice."""
        self._engine.dispose()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (DataError, IntegrityError, OverflowError, ValueError) as error:  # the last two: of a driver
            raise HistoryRefused(f"the history's database does not take this: {_said(error)}") from error
        except (SQLAlchemyError, OSError) as error:
            if str(getattr(getattr(error, "orig", None), "sqlstate", "")).startswith(_TOO_MUCH):
                raise HistoryRefused(f"the history's database does not take this: {_said(error)}") from error
            raise HistoryUnavailable(f"the history in {self.place} cannot be used now: {_said(error)}") from error


def _said(error: Exception) -> str:
    """The first line of what the database said: never the statement, which holds speech."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().partition("\n")[0] or type(cause).__name__


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise HistoryUnavailable("not the URL of a database: sqlite:///FILE or postgresql://…") from error
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def _engine(url: URL) -> Engine:
    try:
        return _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    except ImportError as error:
        raise HistoryUnavailable("PostgreSQL needs a library: pip install 'kikipounamu[server]'") from error
    except SQLAlchemyError as error:
        raise HistoryUnavailable(f"not the URL of a database that can be used: {error}") from error


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, pool_size=1, max_overflow=0, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    @event.listens_for(engine, "do_connect")
    def make_private(*_: object) -> None:
        """What SQLite makes beside it gets the same mode."""
        place = Path(url.database or "history.sqlite")
        private_folder(place.parent)
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
