"""Test that migrations from every revision lead to the tables that the program uses."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from backend.history.database import Database
from backend.history.migrate import migrate, revisions
from backend.history.schema import metadata

IN_SQLITE_ALONE = ("search", "search_data", "search_idx", "search_content", "search_config")


def is_of_ours(object: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    """Return whether to compare a table: all except the tables of FTS5."""
    table = name if kind == "table" else object.table.name
    return table not in IN_SQLITE_ALONE


@pytest.mark.parametrize("revision", [None, *revisions()])
def test_migrated_tables_equal_the_schema(empty_url: str, revision: str | None) -> None:
    database = Database(empty_url)
    if revision is not None:
        migrate(database, revision)
    migrate(database)
    options: dict[str, Any] = {"compare_type": True, "compare_server_default": True}
    if database.is_sqlite:
        options["include_object"] = is_of_ours
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        tables = {"sessions", "segments", "usage", "deleted", "search"}
        assert all(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0 for table in tables)
    database.close()
