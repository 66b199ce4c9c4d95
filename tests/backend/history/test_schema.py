"""The tables as SQLAlchemy knows them. That they are those of the migrations is tested with these."""

from backend.history import schema


def test_every_table_can_be_named_and_only_the_search_differs() -> None:
    tables = {table.name: table.info.get("only") for table in schema.metadata.sorted_tables}
    assert tables == {"sessions": None, "segments": None, "usage": None, "deleted": None, "search": "postgresql"}
