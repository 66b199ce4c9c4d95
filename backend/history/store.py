"""The history in its database, used from one thread: what is recorded, asked for, and deleted.

Every method may raise ``HistoryUnavailable``; nothing has changed then, and it may be tried again.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Final

from sqlalchemy import Connection, select, text, update

from backend.history import files, reading, recording, retention, schema
from backend.history.database import Database
from backend.history.migrating import migrate
from backend.history.records import (
    Entry,
    Held,
    Hit,
    Limits,
    NewFile,
    Page,
    Planned,
    SessionState,
    StoredSegment,
    StoredSession,
    Usage,
    Wanted,
)

_MERGED_PAGES: Final = 250


class Store:
    """Made by ``open_store``. ``owner``: of whom alone; ``None``: of anybody. ``clock``: seconds since 1970."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._purging = False
        self._unpurged = database.is_sqlite  # perhaps, before this one began

    def close(self) -> None:
        """Let go of the database. Safe to call twice."""
        self._database.close()

    @property
    def _now_ms(self) -> int:
        return round(self._clock() * 1000)

    # -- what is recorded ----------------------------------------------------------------------------------

    def record(self, entries: Sequence[Entry]) -> list[Entry]:
        """What the feed says, all of it or nothing; those entries that were news. The others change nothing.

        Raises ``HistoryRefused`` if the database will never take one of these.
        """
        with self._database.writing() as connection:
            return recording.record(connection, entries)

    def begin_file(self, new: NewFile) -> StoredSession:
        """A file is submitted; one that is there already stays as it is. One that was deleted is refused."""
        with self._database.writing() as connection:
            files.begin_file(connection, new, self._now_ms)
            found = reading.session(connection, new.id, None)
        assert found is not None
        return found

    def plan(self, session: str, segments: Sequence[Planned], complete: bool, truncated: bool = False) -> bool:
        """A file was cut into these, and more before; ``complete``: and into no more. False: no such session.

        ``truncated``: the end of the file is missing.
        It is ``working`` then; once it is complete and every segment has ended, ``done`` or ``failed``.
        """
        with self._database.writing() as connection:
            return files.plan(connection, session, segments, complete, truncated)

    def set_state(
        self, session: str, state: SessionState, reason: str = "", only_from: Collection[SessionState] = ()
    ) -> bool:
        """Say where a session stands; ``only_from``: if it stands so, whatever others say at this moment.

        False: there is no such session, or it stands otherwise.
        """
        row = update(schema.sessions).where(schema.sessions.c.id == session)
        if only_from:
            row = row.where(schema.sessions.c.state.in_([str(one) for one in only_from]))
        values = {"state": str(state), "reason": reason, "changed_ms": self._now_ms}
        with self._database.writing() as connection:
            return connection.execute(row.values(values)).rowcount > 0

    def retry(self, session: str) -> list[StoredSegment]:
        """Its segments without a text are planned again, as the attempts that these name; it is ``working``."""
        with self._database.writing() as connection:
            again = set(files.retry(connection, session))
            found = reading.all_segments(connection, session)
        return [segment for segment in found if segment.segment in again]

    # -- what is asked for ---------------------------------------------------------------------------------

    def session(self, id: str, owner: str | None = None) -> StoredSession | None:
        """One session."""
        with self._database.reading() as connection:
            return reading.session(connection, id, owner)

    def segments(self, id: str, after: int = -1, limit: int = 500) -> list[StoredSegment]:
        """Those of a session with a number over ``after``, in order."""
        with self._database.reading() as connection:
            return reading.segments(connection, id, after, limit)

    def failed(self, id: str) -> list[StoredSegment]:
        """Those without a text, in order: what may be tried again. 500 at most."""
        with self._database.reading() as connection:
            return reading.segments(connection, id, -1, 500, failed=True)

    def sessions(self, wanted: Wanted, before: int | None = None, limit: int = 50) -> Page[StoredSession]:
        """The newest sessions, a page."""
        with self._database.reading() as connection:
            return reading.sessions(connection, wanted, before, limit)

    def search(self, query: str, wanted: Wanted, before: int | None = None, limit: int = 50) -> Page[Hit]:
        """The newest segments that have everything that is searched for; nothing for an empty query.

        A page may hold fewer than ``limit``, or none, and still have one behind it.
        """
        with self._database.reading() as connection:
            return reading.search(connection, query, wanted, before, limit)

    def usage(self, first: date, last: date, owner: str | None = None) -> list[Usage]:
        """What was used on each of these days, by day, key and tenant."""
        with self._database.reading() as connection:
            return reading.usage(connection, first, last, owner)

    def held(self) -> Held:
        """How much there is."""
        with self._database.reading() as connection:
            sessions, segments = reading.counted(connection)
            size = connection.execute(text(_SIZE[self._database.is_sqlite])).scalar_one()
        return Held(sessions, segments, int(size))

    # -- what goes -----------------------------------------------------------------------------------------

    def delete(self, id: str, owner: str | None = None) -> bool:
        """Delete a session; what the feed still brings of it is not taken. False: there is none."""
        with self._deleting() as connection:
            session = reading.session(connection, id, owner)
            if session is None:
                return False
            recording.delete_sessions(connection, [(session.number, id)], self._now_ms)
        return True

    def deleted(self, since_ms: int) -> set[str]:
        """Sessions that were deleted since then, by anybody or by themselves; for a week it is known."""
        wanted = select(schema.deleted.c.id).where(schema.deleted.c.at_ms >= since_ms)
        with self._database.reading() as connection:
            return set(connection.execute(wanted).scalars())

    def retain(self, limits: Limits) -> int:
        """Let a few sessions go that are too old or too much; how many they were."""
        with self._deleting() as connection:
            return retention.retain(connection, limits, self._now_ms)

    def purge(self) -> bool:
        """Go on to make what was deleted unreadable in SQLite's files; whether more is left to do.

        FTS5 only notes what is deleted until it merges its parts, and the write-ahead log has pages as they were.
        In PostgreSQL the same is done by its own ``autovacuum``.
        """
        if not self._unpurged:
            return False
        pages = _MERGED_PAGES if self._purging else -_MERGED_PAGES  # negative: begin to make one part of all
        with self._database.writing() as connection:
            before = _changes(connection)
            merge = text("INSERT INTO search(search, rank) VALUES ('merge', :pages)")
            connection.execute(merge, {"pages": pages})
            self._purging = _changes(connection) - before >= 2  # so FTS5 tells that it did something
        if not self._purging:
            self._unpurged = not self._database.checkpoint()
        return self._purging

    def forget(self) -> None:
        """Let go of what is only kept for a while, besides speech."""
        with self._database.writing() as connection:
            retention.forget(connection, self._now_ms)

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
    """The store in the database at ``url``, its tables brought up to date. Raises ``HistoryUnavailable``."""
    database = Database(url)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return Store(database, clock)
