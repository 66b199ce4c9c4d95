"""Record what the feed delivers, and delete sessions. Each function runs within its caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Connection,
    Table,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from backend.history import schema
from backend.history.folding import (
    OVER,
    SESSION_BYTES,
    DayUse,
    FoldedBatch,
    SegmentChange,
    StoredFacts,
    UseKey,
    fold,
    name,
    segment_size,
    touched_segments,
    use_of,
)
from backend.history.records import FeedEntry, SessionFilter, SessionOwner
from backend.history.search import fts5_terms, terms_of, tsvector
from protocol.rest import SegmentState, SessionKind, SessionState

_SESSIONS: Final = schema.sessions.c
_SEGMENTS: Final = schema.segments.c
_IN_A_QUERY: Final = 10_000  # values; SQLite takes 32,766
_SIZES: Final = ("segments", "finals", "failed", "cancelled", "samples", "size")
_KNOWN: Final = (
    *(_SESSIONS.number, _SESSIONS.id, _SESSIONS.kind, _SESSIONS.owner, _SESSIONS.tenant, _SESSIONS.segments),
)
_FTS5: Final = text("INSERT INTO search(rowid, terms) VALUES (:segment, :terms)")
_NO_FTS5: Final = text("DELETE FROM search WHERE rowid = :segment")
_TERMS: Final = text("INSERT INTO search(segment, terms) VALUES (:segment, CAST(:terms AS tsvector))")
_NO_TERMS: Final = text("DELETE FROM search WHERE segment = :segment")


class _Session(NamedTuple):
    """A row of the session table. ``empty``: the session has no segment yet."""

    number: int
    id: str
    kind: SessionKind
    owner: str
    tenant: str
    empty: bool


def record(connection: Connection, entries: Sequence[FeedEntry]) -> list[FeedEntry]:
    """Record a batch, and return the entries that changed a segment."""
    entries = _without(entries, _deleted_sessions(connection, {entry.session for entry in entries}))
    _begin_streams(connection, entries)
    sessions = _lock_sessions(connection, {entry.session for entry in entries})
    if gone := _deleted_sessions(connection, set(sessions)):  # another gateway deleted them meanwhile
        connection.execute(delete(schema.sessions).where(_SESSIONS.id.in_(gone)))
        entries = _without(entries, gone)
    kept = _stored_facts(connection, sessions, {n for entry in entries for n in touched_segments(entry)})
    folded = fold(entries, kept, {id: session.kind for id, session in sessions.items()})
    _count_streams(folded, sessions)
    _write_segments(connection, folded, sessions)
    _write_sessions(connection, folded, sessions)
    write_uses(connection, folded.uses)
    return folded.counted


def end_files(connection: Connection, numbers: Iterable[int]) -> None:
    """End each of these files whose segments have all ended."""
    ended = _SESSIONS.finals + _SESSIONS.failed + _SESSIONS.cancelled >= _SESSIONS.segments
    is_file = _SESSIONS.kind == str(SessionKind.FILE)
    state = case((_SESSIONS.failed > 0, str(SessionState.FAILED)), else_=str(SessionState.DONE))
    connection.execute(
        update(schema.sessions)
        .where(_SESSIONS.number.in_(list(numbers)), is_file, _SESSIONS.complete, ended)
        .where(_SESSIONS.state == str(SessionState.WORKING))
        .values(state=state)
    )


def write_uses(connection: Connection, uses: Mapping[UseKey, DayUse]) -> None:
    """Add these figures to the stored usage."""
    if not uses:
        return
    rows = [
        {"day": day, "owner": owner, "tenant": tenant, **vars(use)}
        for (day, owner, tenant), use in sorted(uses.items())
    ]
    adding = upsert(connection, schema.usage)
    figures = ("sessions", "segments", "failed", "samples", "characters")
    added = {figure: schema.usage.c[figure] + adding.excluded[figure] for figure in figures}
    connection.execute(adding.on_conflict_do_update(index_elements=["day", "owner", "tenant"], set_=added), rows)


def delete_sessions(connection: Connection, found: Sequence[tuple[int, str]], now_ms: int) -> None:
    """Delete these sessions (number, id) and their contents for good: the feed cannot bring them back."""
    numbers = [number for number, _ in found]
    if connection.dialect.name == "sqlite":
        in_them = select(_SEGMENTS.number).where(_SEGMENTS.session.in_(numbers))
        indexed = [{"segment": number} for number in connection.execute(in_them).scalars()]
        if indexed:
            connection.execute(_NO_FTS5, indexed)
    connection.execute(delete(schema.sessions).where(_SESSIONS.number.in_(numbers)))
    marks = upsert(connection, schema.deleted).on_conflict_do_nothing()
    connection.execute(marks, [{"id": id, "at_ms": now_ms} for _, id in found])


def session_row(id: str, about: SessionOwner, at_ms: int, **more: Any) -> dict[str, Any]:
    """Return the row of a new session."""
    is_file = about.kind is SessionKind.FILE
    return {
        "id": id,
        "kind": str(about.kind),
        "state": str(SessionState.SUBMITTED if is_file else SessionState.WORKING),
        "complete": False,
        "owner": about.owner,
        "device": name(about.device),
        "tenant": about.tenant,
        "client": name(about.client),
        "started_ms": at_ms,
        "changed_ms": at_ms,
        "size": SESSION_BYTES,
        **more,
    }


def insert_sessions(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Insert sessions, and return the ids of those that did not exist yet."""
    if not rows:
        return set()
    making = upsert(connection, schema.sessions).on_conflict_do_nothing(index_elements=["id"])
    return set(connection.execute(making.returning(_SESSIONS.id), list(rows)).scalars())


def upsert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an ``INSERT`` of this database's dialect that can handle existing rows."""
    return (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(table)


# -- inside ------------------------------------------------------------------------------------------------


def _without(entries: Sequence[FeedEntry], gone: set[str]) -> list[FeedEntry]:
    return [entry for entry in entries if entry.session not in gone]


def _begin_streams(connection: Connection, entries: Iterable[FeedEntry]) -> None:
    """Insert the sessions that are new.

    A session known only by its end is stored too, but not shown: its earlier entries may come later.
    """
    first: dict[str, FeedEntry] = {}
    for entry in entries:
        if entry.segment != OVER or entry.about.kind is SessionKind.STREAM:
            first.setdefault(entry.session, entry)
    there = _known_sessions(connection, set(first))
    new = [first[id] for id in sorted(first) if id not in there]
    insert_sessions(connection, [session_row(one.session, one.about, one.at_ms) for one in new])


def _count_streams(folded: FoldedBatch, sessions: Mapping[str, _Session]) -> None:
    """Count a stream session as used when its first segment is recorded."""
    begun = set()
    for entry in folded.counted:
        session = sessions[entry.session]
        if session.empty and session.kind is SessionKind.STREAM and session.id not in begun:
            begun.add(session.id)
            use_of(folded.uses, entry.about, entry.at_ms).sessions += 1


def _known_sessions(connection: Connection, ids: set[str]) -> dict[str, _Session]:
    return _sessions(connection, select(*_KNOWN).where(_SESSIONS.id.in_(ids))) if ids else {}


def _lock_sessions(connection: Connection, ids: set[str]) -> dict[str, _Session]:
    """Return these sessions, locked until the transaction ends. SQLite locks the whole database instead."""
    wanted = select(*_KNOWN).where(_SESSIONS.id.in_(ids)).order_by(_SESSIONS.number)
    return _sessions(connection, wanted.with_for_update()) if ids else {}


def _sessions(connection: Connection, wanted: Any) -> dict[str, _Session]:
    return {
        row.id: _Session(row.number, row.id, SessionKind(row.kind), row.owner, row.tenant, row.segments == 0)
        for row in connection.execute(wanted)
    }


def _deleted_sessions(connection: Connection, ids: set[str]) -> set[str]:
    return set(connection.execute(select(schema.deleted.c.id).where(schema.deleted.c.id.in_(ids))).scalars())


def _stored_facts(
    connection: Connection, sessions: Mapping[str, _Session], segments: set[int]
) -> dict[tuple[str, int], StoredFacts]:
    ids = {session.number: id for id, session in sessions.items()}
    kept: dict[tuple[str, int], StoredFacts] = {}
    numbers = sorted(segments)
    for at in range(0, len(numbers), _IN_A_QUERY):
        some = numbers[at : at + _IN_A_QUERY]
        wanted = select(schema.segments).where(_SEGMENTS.session.in_(ids), _SEGMENTS.segment.in_(some))
        kept |= {(ids[row.session], row.segment): _facts_of(row) for row in connection.execute(wanted)}
    return kept


def _facts_of(row: Any) -> StoredFacts:
    """Convert a segment's row for ``fold``."""
    size = segment_size(row.text, row.words)
    return StoredFacts(SegmentState(row.state), row.attempt, row.samples, size, row.number, row.counted)


def _write_segments(connection: Connection, folded: FoldedBatch, sessions: Mapping[str, _Session]) -> None:
    new, changed = [], []
    for (id, segment), change in folded.changes.items():
        row = change.row | {"session": sessions[id].number, "segment": segment}
        if change.after.number:
            changed.append(row | {"_number": change.after.number})
        else:
            new.append(row)
    numbers = {(sessions[id].number, n): one.after.number for (id, n), one in folded.changes.items()}
    if new:
        made = insert(schema.segments).returning(_SEGMENTS.session, _SEGMENTS.segment, _SEGMENTS.number)
        numbers |= {(session, n): number for session, n, number in connection.execute(made, new)}
    if changed:
        connection.execute(update(schema.segments).where(_SEGMENTS.number == bindparam("_number")), changed)
    _index(connection, folded, sessions, numbers)


def _index(
    connection: Connection,
    folded: FoldedBatch,
    sessions: Mapping[str, _Session],
    numbers: Mapping[tuple[int, int], int],
) -> None:
    """Add new finals to the search index, and remove the finals that they replace."""
    is_sqlite = connection.dialect.name == "sqlite"
    written, shown = [], fts5_terms if is_sqlite else tsvector
    for (id, segment), change in folded.changes.items():
        if change.after.state is SegmentState.FINAL:
            session = sessions[id]
            terms = terms_of(change.row["text"], SessionFilter(session.owner, session.tenant, kind=session.kind))
            written.append({"segment": numbers[session.number, segment], "terms": shown(terms)})
    gone = [{"segment": one.after.number} for one in folded.changes.values() if _was_final(one)]
    if gone:
        connection.execute(_NO_FTS5 if is_sqlite else _NO_TERMS, gone)
    if rows := [row for row in written if row["terms"]]:
        connection.execute(_FTS5 if is_sqlite else _TERMS, rows)


def _was_final(change: SegmentChange) -> bool:
    return change.before is not None and change.before.state is SegmentState.FINAL


def _write_sessions(connection: Connection, folded: FoldedBatch, sessions: Mapping[str, _Session]) -> None:
    rows = [
        {
            "_number": sessions[id].number,
            "_changed_ms": one.changed_ms,
            "_started_ms": one.started_ms,
            "_state": one.state and str(one.state),
            **{f"_{figure}": getattr(one, figure) for figure in _SIZES},
        }
        for id, one in folded.sessions.items()
    ]
    if not rows:
        return
    later = bindparam("_changed_ms", type_=_SESSIONS.changed_ms.type)
    earlier = bindparam("_started_ms", type_=_SESSIONS.started_ms.type)
    state = bindparam("_state", type_=_SESSIONS.state.type)
    is_newest = (_SESSIONS.changed_ms < later) | (
        (_SESSIONS.changed_ms == later) & (state == str(SessionState.DONE))
    )
    connection.execute(
        update(schema.sessions)
        .where(_SESSIONS.number == bindparam("_number"))
        .values(
            changed_ms=case((_SESSIONS.changed_ms < later, later), else_=_SESSIONS.changed_ms),
            started_ms=case((_SESSIONS.started_ms > earlier, earlier), else_=_SESSIONS.started_ms),
            state=case((is_newest, func.coalesce(state, _SESSIONS.state)), else_=_SESSIONS.state),
            **{figure: _SESSIONS[figure] + bindparam(f"_{figure}") for figure in _SIZES},
        ),
        rows,
    )
    end_files(connection, (sessions[id].number for id in folded.sessions))
