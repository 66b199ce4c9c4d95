"""Store submitted files in the history: their sessions, their planned segments and their retries."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from backend.core.errors import HistoryRefused
from backend.history import schema
from backend.history.folding import SEGMENT_BYTES, DayUse, UseKey, name, use_of
from backend.history.recorder import end_files, insert_sessions, session_row, upsert, write_uses
from backend.history.records import NewFile, Planned, SessionOwner
from protocol.rest import SegmentState, SessionKind, SessionState

_SESSIONS = schema.sessions.c
_SEGMENTS = schema.segments.c


def begin_file(connection: Connection, new: NewFile, now_ms: int) -> None:
    """Store the session of a submitted file; an existing session stays as it is.

    Raises ``HistoryRefused`` if the session was deleted: the history would ignore all its entries.
    """
    if connection.execute(select(schema.deleted.c.id).where(schema.deleted.c.id == new.id)).first():
        raise HistoryRefused("a session of this id was deleted: make a new one")
    about = SessionOwner(new.owner, new.device, new.tenant, new.client, SessionKind.FILE)
    options = msgspec.json.encode(new.options).decode()
    row = session_row(new.id, about, now_ms, name=name(new.name), options=options)
    if insert_sessions(connection, [row]):
        uses: dict[UseKey, DayUse] = {}
        use_of(uses, about, now_ms).sessions += 1
        write_uses(connection, uses)


def plan(
    connection: Connection, id: str, segments: Sequence[Planned], complete: bool, truncated: bool = False
) -> bool:
    """Store the segments that a file was cut into. Return False if the session does not exist.

    ``complete``: no more segments follow. ``truncated``: the end of the file is missing.
    """
    number = _lock_session(connection, id)
    if number is None:
        return False
    rows = [
        {"session": number, "state": str(SegmentState.PLANNED), "retryable": False, **msgspec.structs.asdict(one)}
        for one in segments
    ]
    new: set[int] = set()
    if rows:
        adding = upsert(connection, schema.segments).on_conflict_do_nothing(index_elements=["session", "segment"])
        new = set(connection.execute(adding.returning(_SEGMENTS.segment), rows).scalars())
        place = update(schema.segments).where(_SEGMENTS.session == number, _SEGMENTS.segment == bindparam("_n"))
        known = [{"_n": one.segment, "at_ms": one.at_ms} for one in segments if one.segment not in new]
        if known:  # the segment ended before its plan was stored
            connection.execute(place.values(at_ms=bindparam("at_ms")), known)
    samples = sum(one.samples for one in segments if one.segment in new)
    connection.execute(
        update(schema.sessions)
        .where(_SESSIONS.number == number)
        .values(
            segments=_SESSIONS.segments + len(new),
            samples=_SESSIONS.samples + samples,
            size=_SESSIONS.size + len(new) * SEGMENT_BYTES,
            complete=_SESSIONS.complete | complete,
            truncated=_SESSIONS.truncated | truncated,
        )
    )
    _move_on(connection, number)
    end_files(connection, [number])
    return True


def retry(connection: Connection, id: str) -> list[int]:
    """Plan each failed segment again as its next attempt, and return the segment numbers."""
    number = _lock_session(connection, id)
    if number is None:
        return []
    failed = (_SEGMENTS.session == number) & (_SEGMENTS.state == str(SegmentState.FAILED))
    found = list(connection.execute(select(_SEGMENTS.segment).where(failed).order_by(_SEGMENTS.segment)).scalars())
    if found:
        again = {"state": str(SegmentState.PLANNED), "attempt": _SEGMENTS.attempt + 1, "code": "", "message": ""}
        connection.execute(update(schema.segments).where(failed).values(again))
        connection.execute(
            update(schema.sessions)
            .where(_SESSIONS.number == number)
            .values(failed=0, state=str(SessionState.WORKING), reason="")
        )
    return found


def _lock_session(connection: Connection, id: str) -> int | None:
    wanted = select(_SESSIONS.number).where(_SESSIONS.id == id).with_for_update()
    return connection.execute(wanted).scalar_one_or_none()


def _move_on(connection: Connection, number: int) -> None:
    """Mark a submitted file as ``working`` once it has been cut."""
    connection.execute(
        update(schema.sessions)
        .where(_SESSIONS.number == number, _SESSIONS.state == str(SessionState.SUBMITTED))
        .values(state=str(SessionState.WORKING))
    )
