"""Test that sessions of the first tables count as complete after the migration."""

from sqlalchemy import text

from backend.history.database import Database
from backend.history.migrate import migrate
from backend.history.store import open_store


def test_history_of_first_version_opens_after_migration(empty_url: str) -> None:
    database = Database(empty_url)
    migrate(database, "0001")
    with database.writing() as connection:
        kept = "INSERT INTO sessions (id, kind, state, complete) VALUES ('s', 'file', 'done', true)"
        connection.execute(text(kept))
    database.close()
    store = open_store(empty_url)
    session = store.session("s")
    assert session is not None and session.state == "done" and not session.truncated
    store.close()
