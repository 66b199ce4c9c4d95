"""Test the table declarations. The tests of the migrations compare them with the real tables."""

from backend.history import schema


def test_only_search_table_differs_between_databases() -> None:
    tables = {table.name: table.info.get("only") for table in schema.metadata.sorted_tables}
    assert tables == {"sessions": None, "segments": None, "usage": None, "deleted": None, "search": "postgresql"}
