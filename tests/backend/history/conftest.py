"""Provide an own history for each test, in each kind of database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from backend.history.store import Store, open_store
from tests.backend.history.feed import NOON_MS
from tests.helpers.postgres import Postgres, running_postgres

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Run a PostgreSQL server for the session; a test that stops it starts it again."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database of each kind, without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/history.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create an SQLite file with tables, for tests to copy."""
    place = tmp_path_factory.mktemp("history") / "history.sqlite"
    open_store(f"sqlite:///{place}").close()
    return place


@pytest.fixture(scope="session")
def postgres_with_tables(postgres: Postgres) -> str:
    """Return the URL of a PostgreSQL database with tables, for tests to empty."""
    url = postgres.new_database()
    open_store(url).close()
    return url


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database of each kind, with empty tables."""
    if request.param == "sqlite":
        place = tmp_path / "history.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_with_tables"), place)
        return f"sqlite:///{place}"
    url: str = request.getfixturevalue("postgres_with_tables")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE sessions, segments, search, usage, deleted RESTART IDENTITY")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Open an empty store whose clock shows two days after the feed's noon."""
    store = open_store(database_url, lambda: NOON_MS / 1000 + 2 * 86_400)
    yield store
    store.close()
