"""Record, query and delete in the history's database. Use from one thread only.

Every method may raise ``HistoryUnavailable``; then nothing has changed, and the call may be repeated.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Final

from sqlalchemy import Connection, extract, func, select, text, update

from backend.history import files, queries, recorder, retention, schema
from backend.history.database import Database
from backend.history.migrate import migrate
from backend.history.records import (
    FeedEntry,
    HistoryLimits,
    HistorySize,
    Hit,
    NewFile,
    Page,
    Planned,
    SessionFilter,
    StoredSegment,
    StoredSession,
    Usage,
)
from protocol.rest import SessionState

_MERGED_PAGES: Final = 250


class Store:
    """The history in its database. Made by ``open_store``.

    ``owner`` restricts a query to one key; ``None``: any key. ``clock``: seconds since 1970.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._purging = False
        self._unpurged = database.is_sqlite  # an earlier process may have left some

    def close(self) -> None:
        """Close the database. Safe to call twice."""
        self._database.close()

    @property
    def _now_ms(self) -> int:
        return round(self._clock() * 1000)

    # -- recording -----------------------------------------------------------------------------------------

    def record(self, entries: Sequence[FeedEntry]) -> list[FeedEntry]:
        """Record a batch completely or not at all, and return the entries that were new.

        Entries that are already recorded change nothing. Raises ``HistoryRefused`` if the database will never
        accept an entry.
        """
        with self._database.writing() as connection:
            return recorder.record(connection, entries)

    def begin_file(self, new: NewFile) -> StoredSession:
        """Store the session of a submitted file; an existing session stays as it is.

        Raises ``HistoryRefused`` if the session was deleted.
        """
        with self._database.writing() as connection:
            files.begin_file(connection, new, self._now_ms)
            found = queries.session(connection, new.id, None)
        assert found is not None
        return found

    def plan(self, session: str, segments: Sequence[Planned], complete: bool, truncated: bool = False) -> bool:
        """Add segments that a file was cut into. Return False if the session does not exist.

        ``complete``: no more segments follow. ``truncated``: the end of the file is missing.
        The session becomes ``working``; once complete and with every segment ended, ``done`` or ``failed``.
        """
        with self._database.writing() as connection:
            return files.plan(connection, session, segments, complete, truncated)

    def set_state(
        self, session: str, state: SessionState, reason: str = "", only_from: Collection[SessionState] = ()
    ) -> bool:
        """Set the state of a session; ``only_from``: only if the session is in one of these states.

        Return False if the session does not exist or is in another state. The check and the change are atomic.
        """
        row = update(schema.sessions).where(schema.sessions.c.id == session)
        if only_from:
            row = row.where(schema.sessions.c.state.in_([str(one) for one in only_from]))
        values = {"state": str(state), "reason": reason, "changed_ms": self._now_ms}
        with self._database.writing() as connection:
            return connection.execute(row.values(values)).rowcount > 0

    def retry(self, session: str) -> list[StoredSegment]:
        """Plan the failed segments of a session again, and return them with their new attempts.

        The session becomes ``working``.
        """
        with self._database.writing() as connection:
            again = set(files.retry(connection, session))
            found = tuple(queries.segments(connection, session))
        return [segment for segment in found if segment.segment in again]

    # -- queries -------------------------------------------------------------------------------------------

    def session(self, id: str, owner: str | None = None) -> StoredSession | None:
        """Return one session, or ``None``."""
        with self._database.reading() as connection:
            return queries.session(connection, id, owner)

    def segments(self, id: str, after: int = -1, limit: int = 500) -> list[StoredSegment]:
        """Return the segments of a session after number ``after``, in order."""
        with self._database.reading() as connection:
            return queries.segments(connection, id, after, limit)

    def sessions(self, wanted: SessionFilter, before: int | None = None, limit: int = 50) -> Page[StoredSession]:
        """Return a page of sessions, the newest first."""
        with self._database.reading() as connection:
            return queries.sessions(connection, wanted, before, limit)

    def search(self, query: str, wanted: SessionFilter, before: int | None = None, limit: int = 50) -> Page[Hit]:
        """Return a page of the newest segments that match every part of the query; none for an empty query.

        A page may hold fewer hits than ``limit``, or none, and still have a next page.
        """
        with self._database.reading() as connection:
            return queries.search(connection, query, wanted, before, limit)

    def usage(self, first: date, last: date, owner: str | None = None) -> list[Usage]:
        """Return the usage of each of these days, by day, key and tenant."""
        with self._database.reading() as connection:
            return queries.usage(connection, first, last, owner)

    def size(self) -> HistorySize:
        """Return how much the history contains."""
        with self._database.reading() as connection:
            sessions, segments = queries.count_rows(connection)
            size = connection.execute(text(_SIZE[self._database.is_sqlite])).scalar_one()
        return HistorySize(sessions, segments, int(size))

    # -- deletion ------------------------------------------------------------------------------------------

    def delete(self, id: str, owner: str | None = None) -> bool:
        """Delete a session and ignore its later entries. Return False if the session does not exist."""
        with self._deleting() as connection:
            session = queries.session(connection, id, owner)
            if session is None:
                return False
            recorder.delete_sessions(connection, [(session.number, id)], self._now_ms)
        return True

    def deleted_sessions(self, since_ms: int) -> set[str]:
        """Return the sessions deleted since then, by users or by expiry. Deletions are remembered for a week."""
        wanted = select(schema.deleted.c.id).where(schema.deleted.c.at_ms >= since_ms)
        with self._database.reading() as connection:
            return set(connection.execute(wanted).scalars())

    def retain(self, limits: HistoryLimits) -> int:
        """Delete a few sessions that exceed the limits, and return how many."""
        with self._deleting() as connection:
            return retention.retain(connection, limits, self._earlier_ms(connection))

    def purge(self) -> bool:
        """Continue to make deleted data unreadable in SQLite's files. Return whether work remains.

        FTS5 only marks deleted terms until it merges its parts, and the write-ahead log holds old pages.
        PostgreSQL does the same with ``autovacuum``.
        """
        if not self._unpurged:
            return False
        pages = _MERGED_PAGES if self._purging else -_MERGED_PAGES  # negative: start merging all parts into one
        with self._database.writing() as connection:
            before = _changes(connection)
            merge = text("INSERT INTO search(search, rank) VALUES ('merge', :pages)")
            connection.execute(merge, {"pages": pages})
            self._purging = _changes(connection) - before >= 2  # FTS5's sign that it merged something
        if not self._purging:
            self._unpurged = not self._database.checkpoint()
        return self._purging

    def forget(self) -> None:
        """Delete expired records other than speech."""
        with self._database.writing() as connection:
            retention.forget(connection, self._earlier_ms(connection))

    def _earlier_ms(self, connection: Connection) -> int:
        """Return the earlier time of this clock and of PostgreSQL's: what is old must be old by both."""
        if self._database.is_sqlite:
            return self._now_ms
        there = connection.execute(select(extract("epoch", func.clock_timestamp()))).scalar_one()
        return min(self._now_ms, round(there * 1000))

    @contextmanager
    def _deleting(self) -> Iterator[Connection]:
        with self._database.writing() as connection:
            yield connection
        self._unpurged = self._database.is_sqlite


def _changes(connection: Connection) -> int:
    return int(connection.execute(text("SELECT total_changes()")).scalar_one())


_SIZE: Final = {
    True: "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    False: "SELECT pg_database_size(current_database())",
}


def open_store(url: str, clock: Callable[[], float] = time.time) -> Store:
    """Open the store in the database at ``url`` and migrate its tables. Raises ``HistoryUnavailable``."""
    database = Database(url)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return Store(database, clock)
