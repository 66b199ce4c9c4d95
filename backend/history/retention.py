"""Delete expired sessions, then the oldest sessions above the size limit, a few at a time.

The size is the sum of all written bytes (``sessions.size``). Database files do not shrink after deletions; they
only take more data before they grow again.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, select

from backend.history import schema
from backend.history.folding import day_of
from backend.history.recorder import delete_sessions
from backend.history.records import HistoryLimits

STEP: Final = 20
"""Sessions deleted in one transaction; bounds how long other callers wait for it."""
_DAY_MS: Final = 86_400_000
_DELETED_DAYS: Final = 7  # longer than a session lives in the broker
_USAGE_DAYS: Final = 800


def retain(connection: Connection, limits: HistoryLimits, now_ms: int) -> int:
    """Delete a few sessions that exceed the limits, and return how many."""
    sessions = schema.sessions.c
    oldest = select(sessions.number, sessions.id, sessions.size).order_by(sessions.changed_ms, sessions.number)
    found: list[tuple[int, str]] = []
    if limits.days:
        too_old = sessions.changed_ms < now_ms - limits.days * _DAY_MS
        found = [(number, id) for number, id, _ in connection.execute(oldest.where(too_old).limit(STEP))]
    excess = _bytes(connection) - limits.megabytes * 1_000_000 if limits.megabytes and not found else 0
    if excess > 0:
        for number, id, size in connection.execute(oldest.limit(STEP)):
            found.append((number, id))
            excess -= size
            if excess <= 0:
                break
    if found:
        delete_sessions(connection, found, now_ms)
    return len(found)


def forget(connection: Connection, now_ms: int) -> None:
    """Delete old marks of deleted sessions, and old usage.

    Marks go when the broker can no longer deliver entries of their sessions.
    """
    connection.execute(delete(schema.deleted).where(schema.deleted.c.at_ms < now_ms - _DELETED_DAYS * _DAY_MS))
    first = day_of(now_ms) - timedelta(days=_USAGE_DAYS)
    connection.execute(delete(schema.usage).where(schema.usage.c.day < first))


def _bytes(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.sum(schema.sessions.c.size), 0))).scalar_one())
