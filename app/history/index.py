"""Index of takes for display and search, newest first.

It is derived data: only the journals are authoritative. A row's key begins with the start time of its take. Keys
are therefore in order of time, and a page consists of the rows before a key. Texts have a table of their own, so
that listing and counting read little.
"""

import json
import sqlite3
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.history import search_terms
from app.history.database import connect, errors, writing
from app.journal.library import TakeStamp
from app.journal.take import TakeState

MOST_KEYS: Final = 200_000

_LATEST_S: Final = 2**32 - 1
_SECOND: Final = 31
"""Lowest bit of the start second in a key."""
_MILLISECOND: Final = 21
"""Lowest bit of the milliseconds in a key; they take ten bits. Earlier versions had the session there."""
_END: Final = 2**63 - 1
_MERGED_PAGES: Final = 250
_ROW: Final = (
    "SELECT session, started, seconds, size, state, text, language, model, edited, cancelled, partly, program, "
    "revision, takes.key FROM takes JOIN texts ON texts.key = takes.key"
)
_FOUND: Final = "SELECT rowid FROM words WHERE words MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?"
PAGE: Final = f"{_ROW} WHERE takes.key < ? AND shown ORDER BY takes.key DESC LIMIT ?"
LITERAL: Final = f"{_ROW} WHERE takes.key < ? AND shown AND instr(text, ?) ORDER BY takes.key DESC LIMIT ?"
_LITERAL_KEYS: Final = (
    "SELECT takes.key FROM takes JOIN texts ON texts.key = takes.key "
    "WHERE shown AND instr(text, ?) ORDER BY takes.key DESC LIMIT ?"
)
_UNFINISHED: Final = (
    "SELECT key FROM takes WHERE shown AND (state = 'damaged' OR NOT cancelled AND state IN "
    "('interrupted', 'waiting', 'failed', 'held')) ORDER BY key DESC LIMIT ?"
)
SEARCH: Final = f"{_ROW} WHERE takes.key IN ({_FOUND}) ORDER BY takes.key DESC"
ROWS: Final = f"{_ROW} WHERE takes.key IN (SELECT value FROM json_each(?)) ORDER BY takes.key DESC"
"""One statement for any number of keys, because Python caches each of 128 statements with 14 KB."""


@dataclass(frozen=True)
class IndexRow:
    """Take in the list.

    ``key``: its position there, once indexed. ``language`` and ``model``: those of most of its text. ``partly``:
    inserted in part before it was cancelled. ``program``: the program that received its text. ``revision``: the
    take's revision that has this ``text``. ``speaking``: still being recorded; only windows set this.
    """

    session: UUID
    started_s: float
    seconds: float
    size: int
    state: TakeState
    text: str = ""
    language: str = ""
    model: str = ""
    edited: bool = False
    key: int = 0
    cancelled: bool = False
    partly: bool = False
    program: str = ""
    revision: int = 0
    speaking: bool = False

    @property
    def shown(self) -> bool:
        """True if the take has anything to show or to play."""
        return self.seconds > 0 or self.state is not TakeState.EMPTY


class IndexedTake(NamedTuple):
    """State of a take when it was indexed.

    ``settled``: the recording has an end, so that only a new event can change the row.
    """

    stamp: TakeStamp
    settled: bool


class Index:
    """Index in the file ``place``; ``None``: in memory.

    Methods that raise ``IndexUnavailable`` or ``IndexDamaged`` change nothing.
    """

    def __init__(self, place: Path | None) -> None:
        self._connection = connect(place)
        self._purging = False

    def close(self) -> None:
        """Close the file; repeated calls are harmless."""
        with suppress(sqlite3.Error):
            self._connection.close()

    # -- reading -------------------------------------------------------------------------------------------

    def page(self, limit: int, before: int | None = None, query: str = "") -> list[IndexRow]:
        """Return the newest takes before a key that match the query; an empty query matches all."""
        end = _END if before is None else before
        if wanted := search_terms.match(query):
            return self._rows(SEARCH, (wanted, end, limit))
        if exact := search_terms.literal(query):
            return self._rows(LITERAL, (end, exact, limit))
        return self._rows(PAGE, (end, limit))

    def keys(self, query: str = "") -> "array[int]":
        """Return the keys of all takes that ``page`` would return, in its order; 8 bytes each."""
        ask, values = "SELECT key FROM takes WHERE shown ORDER BY key DESC LIMIT ?", (MOST_KEYS,)
        if wanted := search_terms.match(query):
            return self._keys(_FOUND, (wanted, _END, *values))
        if exact := search_terms.literal(query):
            return self._keys(_LITERAL_KEYS, (exact, *values))
        return self._keys(ask, values)

    def unfinished(self) -> "array[int]":
        """Return the keys of the takes that failed, are damaged, or have text to paste, newest first."""
        return self._keys(_UNFINISHED, (MOST_KEYS,))

    def rows(self, keys: Sequence[int]) -> list[IndexRow]:
        """Return the rows of these keys (a screenful) that exist, newest first."""
        return self._rows(ROWS, (json.dumps(list(keys)),))

    def indexed_takes(self) -> Mapping[str, IndexedTake]:
        """Return the indexed state of each take by its session."""
        with errors():
            found = self._connection.execute("SELECT session, changed, noted, heard, settled FROM takes")
            return {name: IndexedTake(TakeStamp(*stamp), bool(settled)) for name, *stamp, settled in found}

    # -- writing -------------------------------------------------------------------------------------------

    def put(self, rows: Iterable[tuple[IndexRow, IndexedTake]]) -> None:
        """Add or replace the rows of these takes."""
        with writing(self._connection):
            for row, known in sorted(rows, key=lambda both: both[0].started_s):  # FTS5 is slow in any other order
                self._put_row(row, known)

    def remove(self, sessions: Iterable[UUID]) -> None:
        """Remove takes; their texts cannot be found any more, but stay in the file until ``purge``."""
        with writing(self._connection):
            if [session for session in sessions if self._remove(session)]:
                self._connection.execute("INSERT OR IGNORE INTO marks VALUES ('purge')")

    def must_purge(self) -> bool:
        """Return whether removed texts are still in the file."""
        with errors():
            return bool(self._connection.execute("SELECT 1 FROM marks WHERE name = 'purge'").fetchone())

    def purge(self) -> bool:
        """Erase the next part of removed texts, and return whether more remain.

        SQLite overwrites what it deletes (``secure_delete``). But FTS5 only marks deletions until it merges its
        segments, and the write-ahead log keeps earlier pages.
        """
        with errors():
            before = self._connection.total_changes
            # A negative number starts a merge of everything into one segment (FTS5, "merge").
            pages = _MERGED_PAGES if self._purging else -_MERGED_PAGES
            self._connection.execute("INSERT INTO words(words, rank) VALUES ('merge', ?)", (pages,))
            # FTS5 documents this as the sign that it merged something.
            self._purging = self._connection.total_changes - before >= 2
            if not self._purging:
                (busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                if not busy:
                    self._connection.execute("DELETE FROM marks WHERE name = 'purge'")
            return self._purging

    def _put_row(self, row: IndexRow, known: IndexedTake) -> None:
        text = row.text.encode("utf-8", "replace").decode()
        before = self._before(row.session)
        key = self._key(row, before and before[0])
        if before != (key, text):
            self._remove(row.session)
            self._connection.execute("INSERT INTO texts VALUES (?, ?)", (key, text))
            self._index(None, key, text)
        values = (
            *(key, str(row.session), row.started_s, row.seconds, row.size, row.state, row.language, row.model),
            *(row.edited, row.cancelled, row.partly, row.program, row.revision, row.shown),
            *(*known.stamp, known.settled),
        )
        self._connection.execute(f"INSERT OR REPLACE INTO takes VALUES ({','.join('?' * len(values))})", values)

    def _remove(self, session: UUID) -> bool:
        """Remove a take and return whether it was there."""
        if (before := self._before(session)) is None:
            return False
        self._index("delete", *before)
        self._connection.execute("DELETE FROM texts WHERE key = ?", before[:1])
        self._connection.execute("DELETE FROM takes WHERE key = ?", before[:1])
        return True

    def _before(self, session: UUID) -> tuple[int, str] | None:
        ask = "SELECT texts.key, text FROM takes JOIN texts ON texts.key = takes.key WHERE session = ?"
        found: tuple[int, str] | None = self._connection.execute(ask, (str(session),)).fetchone()
        return found

    def _key(self, row: IndexRow, before: int | None) -> int:
        """Return a unique key made of the start time and bits of the session; an unchanged start keeps its key."""
        second, millisecond = divmod(round(min(max(row.started_s, 0.0), _LATEST_S) * 1000), 1000)
        if before is not None and before >> _SECOND == second:
            return before
        key = second << _SECOND | millisecond << _MILLISECOND | row.session.int & 0x1F_FFFF
        while self._connection.execute("SELECT 1 FROM takes WHERE key = ?", (key,)).fetchone():
            key += 1
        return key

    def _index(self, command: str | None, key: int, text: str) -> None:
        """Add a text to the full-text index, or ``delete`` it, for which FTS5 needs the original terms."""
        if terms := search_terms.terms(text):
            ask = "INSERT INTO words(words, rowid, terms) VALUES (?, ?, ?)"
            self._connection.execute(ask, (command, key, terms))

    def _keys(self, ask: str, values: tuple[object, ...]) -> "array[int]":
        with errors():
            return array("q", (key for (key,) in self._connection.execute(ask, values)))

    def _rows(self, ask: str, values: tuple[object, ...]) -> list[IndexRow]:
        with errors():
            return [_row(*found) for found in self._connection.execute(ask, values)]


def days_of(keys: Sequence[int]) -> tuple[tuple[date, int], ...]:
    """Return the local days of these keys, newest first, with their numbers of takes."""
    found: list[tuple[date, int]] = []
    start = 0
    while start < len(keys):
        day = datetime.fromtimestamp(keys[start] >> _SECOND).date()
        first = int(datetime.combine(day, time()).timestamp()) << _SECOND
        end = bisect_right(keys, -first, start, key=lambda key: -key)
        found.append((day, end - start))
        start = end
    return tuple(found)


def _row(name: str, started: float, seconds: float, size: int, state: str, *rest: Any) -> IndexRow:
    """Convert a record selected by ``_ROW`` to a row."""
    text, language, model, edited, cancelled, partly, program, revision, key = rest
    rest = bool(cancelled), bool(partly), program, revision
    return IndexRow(
        UUID(name), started, seconds, size, TakeState(state), text, language, model, bool(edited), key, *rest
    )
