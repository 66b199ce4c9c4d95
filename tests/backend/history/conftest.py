"""Histories of a test's own, in each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.history.store import Store, open_store
from tests.backend.history.feed import NOON_MS
from tests.helpers.postgres import Postgres, running_postgres

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))]
"""Those with PostgreSQL run in one process, which starts one server."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server; whoever stops it starts it again."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/history.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty store, two days after the feed's noon."""
    store = open_store(database_url, lambda: NOON_MS / 1000 + 2 * 86_400)
    yield store
    store.close()
