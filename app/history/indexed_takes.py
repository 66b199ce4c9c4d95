"""Takes and their index together, for one thread: listing, search and deletion.

A damaged index is rebuilt during use. Where none can be created (no space, no access), an index of the newest
takes in memory replaces it. ``problem`` says so.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from app.history import database
from app.history.catalogue import IndexUpdater, RefreshProgress
from app.history.errors import IndexDamaged, IndexUnavailable
from app.history.index import Index, IndexRow
from app.journal.disk import locked
from app.journal.library import Library
from app.journal.take import TRANSCRIBED, TakeState
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.APP_HISTORY_KEEPER

T = TypeVar("T")

MOST_IN_MEMORY: Final = 2_000


class IndexOwner:
    """Owner of the index in the file ``place``.

    ``stale``: it was rebuilt and needs a ``refresh``. Everything but the constructor belongs to one thread, and
    may raise ``IndexUnavailable``.
    """

    def __init__(self, library: Library, place: Path) -> None:
        self.problem = ""
        self.stale = False
        self._library = library
        self._place = place
        self._opened: tuple[Index, IndexUpdater] | None = None

    def close(self) -> None:
        """Finish pending erasure and close the file; repeated calls are harmless."""
        if self._opened is not None:
            index, _ = self._opened
            with suppress(IndexUnavailable, IndexDamaged):
                while index.must_purge() and index.purge():
                    pass
            index.close()
            self._opened = None

    # -- reading -------------------------------------------------------------------------------------------

    def page(self, limit: int, before: int | None = None, query: str = "") -> list[IndexRow]:
        """Return the newest takes before a key that match the query, with their current states."""
        return self._as_they_are(self._with(lambda index, _: index.page(limit, before, query)))

    def rows(self, keys: Sequence[int]) -> list[IndexRow]:
        """Return the rows of these keys that exist, newest first."""
        return self._as_they_are(self._with(lambda index, _: index.rows(keys)))

    def keys(self, query: str = "") -> "array[int]":
        """Return the keys of all matching takes, newest first."""
        return self._with(lambda index, _: index.keys(query))

    def _as_they_are(self, rows: list[IndexRow]) -> list[IndexRow]:
        """Mark the rows of takes that a process works on now."""
        return [replace(row, state=TakeState.LIVE) if self._is_live(row) else row for row in rows]

    def _is_live(self, row: IndexRow) -> bool:
        return row.state not in TRANSCRIBED and locked(self._library.root / str(row.session))

    # -- writing -------------------------------------------------------------------------------------------

    def refresh(self) -> Iterator[RefreshProgress]:
        """Update the index from the folder, as ``IndexUpdater.refresh``; a damaged index becomes ``stale``."""
        if self.problem:  # the cause may be gone
            self.close()
        self.stale = False
        try:
            yield from self._open()[1].refresh()
        except IndexDamaged as error:
            self._make_again(error)

    def read(self, sessions: Iterable[UUID]) -> None:
        """Read these takes again, because they may have changed."""
        sessions = tuple(sessions)
        self._with(lambda _, catalogue: catalogue.read(sessions))

    def forget(self, sessions: Iterable[UUID]) -> None:
        """Remove deleted takes from the index; ``purge`` completes the erasure of their texts."""
        sessions = tuple(sessions)
        try:
            self._with(lambda index, _: index.remove(sessions))
        except IndexUnavailable as error:  # a full disk refuses writes, but allows deleting the file
            self._make_again(error)

    def purge(self) -> bool:
        """Continue the erasure that ``forget`` began, and return whether more remains."""
        return self._with(lambda index, _: index.must_purge() and index.purge())

    # -- the index -----------------------------------------------------------------------------------------

    def _with(self, work: Callable[[Index, IndexUpdater], T]) -> T:
        """Run ``work`` with the index, and once more after rebuilding a damaged one."""
        try:
            return work(*self._open())
        except IndexDamaged as error:
            self._make_again(error)
        try:
            return work(*self._open())
        except IndexDamaged as error:
            raise IndexUnavailable(str(error)) from error

    def _open(self) -> tuple[Index, IndexUpdater]:
        if self._opened is None:
            try:
                index, most = Index(self._place), None
                self.problem = ""
            except IndexUnavailable as error:
                log.warning(LogEvent.HISTORY_INDEX_IN_MEMORY, reason=str(error))
                index, most = Index(None), MOST_IN_MEMORY
                self.problem = str(error)
            self._opened = index, IndexUpdater(self._library, index, most)
        return self._opened

    def _make_again(self, error: Exception) -> None:
        log.warning(LogEvent.HISTORY_INDEX_REBUILT, reason=str(error))
        self.stale = True
        if self._opened is not None:
            self._opened[0].close()
            self._opened = None
        database.delete(self._place)
