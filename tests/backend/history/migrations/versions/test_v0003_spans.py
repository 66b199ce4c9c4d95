"""Test that a history without second passes goes on after the migration."""

from sqlalchemy import text

from backend.history.database import Database
from backend.history.migrate import migrate
from backend.history.store import open_store
from tests.backend.history.feed import cancelled, final, stored_session


def test_history_of_previous_version_opens_and_counts_on(empty_url: str) -> None:
    database = Database(empty_url)
    migrate(database, "0002")
    with database.writing() as connection:
        session = "INSERT INTO sessions (id, kind, state, complete, segments, finals, samples)"
        connection.execute(text(session + " VALUES ('s', 'stream', 'working', false, 2, 2, 32000)"))
        for n in range(2):
            segment = "INSERT INTO segments (session, segment, state, samples, text, retryable)"
            connection.execute(text(segment + f" VALUES (1, {n}, 'final', 16000, 'old {n}', false)"))
    database.close()
    store = open_store(empty_url)
    assert [(one.text, one.replaces) for one in store.segments("s")] == [("old 0", ()), ("old 1", ())]
    store.record([final("both", segment=2, samples=32_000)._replace(replaces=(0, 1))])
    assert stored_session(store).samples == 32_000
    store.record([cancelled(segment=0)])
    assert stored_session(store).samples == 16_000
    store.close()
