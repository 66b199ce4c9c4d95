"""Query the history. Each function runs within its caller's transaction."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select, text

from backend.history import schema
from backend.history.records import MOST_ROWS, Hit, Page, SessionFilter, StoredSegment, StoredSession, Usage
from backend.history.search import fts5_query, tsquery
from protocol.decoding import prepared
from protocol.errors import ErrorCode
from protocol.recognition import Options, Word
from protocol.rest import SegmentState, SessionKind, SessionState
from protocol.spans import parse_replaces
from protocol.words import excerpt, highlights

_SESSIONS: Final = schema.sessions.c
_SEGMENTS: Final = schema.segments.c
_SHOWN: Final = (_SESSIONS.segments > 0) | (_SESSIONS.kind == str(SessionKind.FILE))
_END: Final = 2**62
_EXCERPT: Final = 200
_FTS5: Final = text(
    "SELECT rowid AS number FROM search WHERE search MATCH :query AND rowid < :before"
    " ORDER BY rowid DESC LIMIT :most"
)
_TSQUERY: Final = (
    "SELECT segment AS number FROM search WHERE terms @@ CAST(:query AS tsquery) AND segment < :before{}"
    " ORDER BY segment DESC LIMIT :most"
)
_NEWEST: Final = text(
    _TSQUERY.format(
        " AND segment >= (SELECT coalesce(max(segment), 0) FROM search WHERE segment < :before) - :window"
    )
)
_ALL: Final = text(_TSQUERY.format(""))
_WINDOW: Final = 10_000
_BY_NUMBER: Final = text("SET LOCAL enable_bitmapscan = off")
_BY_TERMS: Final = text("SET LOCAL enable_bitmapscan = on; SET LOCAL enable_indexscan = off")


def session(connection: Connection, id: str, owner: str | None) -> StoredSession | None:
    """Return one session, or ``None``."""
    found = connection.execute(
        select(schema.sessions).where(_SESSIONS.id == id, _of(SessionFilter(owner)))
    ).one_or_none()
    return None if found is None else _session(found)


def sessions(connection: Connection, wanted: SessionFilter, before: int | None, limit: int) -> Page[StoredSession]:
    """Return a page of sessions, the newest first."""
    most = _bounded_limit(limit)
    found = connection.execute(
        select(schema.sessions)
        .where(_of(wanted), _SESSIONS.number < (_END if before is None else before))
        .order_by(_SESSIONS.number.desc())
        .limit(most)
    ).all()
    return Page([_session(row) for row in found], found[-1].number if len(found) == most else None)


def segments(connection: Connection, id: str, after: int = -1, limit: int | None = None) -> list[StoredSegment]:
    """Return the segments of a session after number ``after``, in order; ``limit`` ``None``: all of them."""
    found = connection.execute(
        select(schema.segments)
        .join(schema.sessions, _SESSIONS.number == _SEGMENTS.session)
        .where(_SESSIONS.id == id, _SEGMENTS.segment > after)
        .order_by(_SEGMENTS.segment)
        .limit(None if limit is None else _bounded_limit(limit))
    )
    return [_segment(row) for row in found]


def search(connection: Connection, query: str, wanted: SessionFilter, before: int | None, limit: int) -> Page[Hit]:
    """Return a page of the newest segments that match every part of the query."""
    is_sqlite = connection.dialect.name == "sqlite"
    sought = (fts5_query if is_sqlite else tsquery)(query, wanted)
    if not sought:
        return Page(())
    most = _bounded_limit(limit)
    values = {"query": sought, "before": _END if before is None else before, "most": most}
    numbers = connection.execute(_FTS5, values).scalars().all() if is_sqlite else _newest(connection, values)
    found = connection.execute(
        select(_SEGMENTS.number.label("place"), _SEGMENTS.segment, _SEGMENTS.at_ms, _SEGMENTS.ended_ms)
        .add_columns(_SEGMENTS.text, schema.sessions)
        .join(schema.sessions, _SESSIONS.number == _SEGMENTS.session)
        .where(_SEGMENTS.number.in_(numbers), _of(wanted))
        .order_by(_SEGMENTS.number.desc())
    )
    rows = found.all()
    replaced = _replaced_segments(connection, {row.number for row in rows})
    hits = [_hit(row, query) for row in rows if (row.number, row.segment) not in replaced]
    return Page(hits, numbers[-1] if len(numbers) == most else None)


def _newest(connection: Connection, values: Mapping[str, Any]) -> Sequence[int]:
    """Search PostgreSQL, whose planner cannot know which of two ways is faster.

    A scan of the newest segments finds frequent terms. Rare terms have few hits, which the index finds.
    """
    connection.execute(_BY_NUMBER)
    found: Sequence[int] = connection.execute(_NEWEST, {**values, "window": _WINDOW}).scalars().all()
    if len(found) < values["most"]:
        connection.execute(_BY_TERMS)
        found = connection.execute(_ALL, values).scalars().all()
    return found


def _replaced_segments(connection: Connection, sessions: set[int]) -> set[tuple[int, int]]:
    """Return session and number of the segments that a recognised second pass replaces: it is found instead."""
    found = connection.execute(
        select(_SEGMENTS.session, _SEGMENTS.replaces)
        .where(_SEGMENTS.session.in_(sessions), text("replaces <> ''"))
        .where(_SEGMENTS.state == str(SegmentState.FINAL))
    )
    return {(row.session, n) for row in found for n in parse_replaces(row.replaces)}


def usage(connection: Connection, first: date, last: date, owner: str | None) -> list[Usage]:
    """Return the usage from the first day to the last."""
    day = schema.usage.c.day
    wanted = select(schema.usage).where(day >= first, day <= last)
    if owner is not None:
        wanted = wanted.where(schema.usage.c.owner == owner)
    found = connection.execute(wanted.order_by(day, schema.usage.c.owner, schema.usage.c.tenant))
    return [Usage(**row._mapping) for row in found]


def count_rows(connection: Connection) -> tuple[int, int]:
    """Return the number of sessions and of segments."""
    columns = func.count(), func.coalesce(func.sum(_SESSIONS.segments), 0)
    sessions, segments = connection.execute(select(*columns).where(_SHOWN)).one()
    return int(sessions), int(segments)


def _of(wanted: SessionFilter) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = _SHOWN
    columns = (_SESSIONS.owner, _SESSIONS.tenant, _SESSIONS.state, _SESSIONS.kind, _SESSIONS.client)
    for column, value in zip(columns, wanted, strict=True):
        if value is not None:
            condition &= column == str(value)
    return condition


def _bounded_limit(limit: int) -> int:
    return max(1, min(limit, MOST_ROWS))


def _session(row: Any) -> StoredSession:
    return StoredSession(
        number=row.number,
        id=row.id,
        kind=SessionKind(row.kind),
        state=SessionState(row.state),
        options=msgspec.json.decode(row.options, type=prepared(Options)) if row.options else Options(),
        **{name: getattr(row, name) for name in ("owner", "device", "tenant", "client", "name", "reason")},
        **{name: getattr(row, name) for name in ("started_ms", "changed_ms", "segments", "finals")},
        **{name: getattr(row, name) for name in ("failed", "samples", "truncated")},
    )


def _segment(row: Any) -> StoredSegment:
    return StoredSegment(
        segment=row.segment,
        state=SegmentState(row.state),
        at_ms=row.at_ms,
        words=msgspec.json.decode(row.words, type=prepared(tuple[Word, ...])) if row.words else (),
        code=ErrorCode(row.code) if row.code else None,
        retryable=row.retryable,
        **{name: getattr(row, name) for name in ("attempt", "samples", "ended_ms", "queue_ms", "decode_ms")},
        **{name: getattr(row, name) for name in ("text", "language", "model", "worker", "emotion", "event")},
        message=row.message,
        replaces=parse_replaces(row.replaces),
    )


def _hit(row: Any, query: str) -> Hit:
    shown = excerpt(row.text, highlights(row.text, query), _EXCERPT)
    return Hit(_session(row), row.segment, row.at_ms, row.ended_ms, shown.text, shown.ranges)
