"""Test that one of several starting gateways creates the tables."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.migration import MigrationContext
from sqlalchemy import text

from backend.core.errors import HistoryUnavailable
from backend.history.database import Database
from backend.history.migrate import migrate, revisions
from backend.history.records import SessionFilter
from backend.history.store import open_store


def test_migration_reaches_newest_revision_and_can_be_repeated(empty_url: str) -> None:
    database = Database(empty_url)
    for _ in range(2):
        migrate(database)
        with database.reading() as connection:
            assert MigrationContext.configure(connection).get_current_revision() == revisions()[-1]
    database.close()


def test_gateways_that_start_together_do_not_disturb_each_other(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_store(empty_url), range(4)))
    assert all(store.sessions(SessionFilter()).items == [] for store in stores)
    for store in stores:
        store.close()


def test_tables_of_newer_version_are_refused(empty_url: str) -> None:
    open_store(empty_url).close()
    database = Database(empty_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(HistoryUnavailable, match="newer version"):
        open_store(empty_url)
    database.close()
