"""Takes and their index together, for one thread: what is listed, what is found, what goes.

An index that is damaged is made again while it is used. One that cannot be made (no room, no access) is replaced
by one in memory with the newest takes, so that the history goes on; ``problem`` says so.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

import structlog

from app.capture.disk import locked
from app.capture.library import Library
from app.capture.retention import RetentionLimits, expired
from app.capture.take import TRANSCRIBED, TakeState
from app.history import database
from app.history.catalogue import Catalogue, Progress
from app.history.errors import IndexDamaged, IndexUnavailable
from app.history.index import Index, Row
from runtime import logger_names

log = structlog.get_logger(logger_names.APP_HISTORY_KEEPER)
T = TypeVar("T")

MOST_IN_MEMORY: Final = 2_000


class Keeper:
    """``place``: the file of the index. ``stale``: it was made again, and needs a ``refresh``.

    Everything but its making belongs to one thread, and may raise ``IndexUnavailable``.
    """

    def __init__(self, library: Library, place: Path) -> None:
        self.problem = ""
        self.stale = False
        self._library = library
        self._place = place
        self._opened: tuple[Index, Catalogue] | None = None

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        if self._opened is not None:
            index, _ = self._opened
            with suppress(IndexUnavailable, IndexDamaged):
                while index.must_purge() and index.purge():
                    pass
            index.close()
            self._opened = None

    # -- what is listed ------------------------------------------------------------------------------------

    def page(self, limit: int, before: int | None = None, query: str = "") -> list[Row]:
        """The newest takes before a key that have what is wanted, as they are at this moment."""
        return self._as_they_are(self._with(lambda index, _: index.page(limit, before, query)))

    def rows(self, keys: Sequence[int]) -> list[Row]:
        """Those of these takes that are there, the newest first."""
        return self._as_they_are(self._with(lambda index, _: index.rows(keys)))

    def keys(self, query: str = "") -> "array[int]":
        """Of all takes that have what is wanted, the newest first."""
        return self._with(lambda index, _: index.keys(query))

    def count(self, query: str = "") -> int:
        """How many they are."""
        return self._with(lambda index, _: index.count(query))

    def _as_they_are(self, rows: list[Row]) -> list[Row]:
        """With those marked on which a process works now."""
        return [replace(row, state=TakeState.LIVE) if self._is_live(row) else row for row in rows]

    def _is_live(self, row: Row) -> bool:
        return row.state not in TRANSCRIBED and locked(self._library.root / str(row.session))

    # -- what changes it -----------------------------------------------------------------------------------

    def refresh(self) -> Iterator[Progress]:
        """Make the index equal to the folder, as ``Catalogue.refresh``; one that was damaged is ``stale`` then."""
        if self.problem:  # there may be room now
            self.close()
        self.stale = False
        try:
            yield from self._open()[1].refresh()
        except IndexDamaged as error:
            self._make_again(error)

    def read(self, sessions: Iterable[UUID]) -> None:
        """These takes may have changed."""
        sessions = tuple(sessions)
        self._with(lambda _, catalogue: catalogue.read(sessions))

    def forget(self, sessions: Iterable[UUID]) -> None:
        """These takes are deleted: nothing that they said may stay. ``purge`` ends it."""
        sessions = tuple(sessions)
        try:
            self._with(lambda index, _: index.remove(sessions))
        except IndexUnavailable as error:  # a full disk takes no change; that a file goes, it always takes
            self._make_again(error)

    def purge(self) -> bool:
        """Go on with what ``forget`` began; whether more is left."""
        return self._with(lambda index, _: index.must_purge() and index.purge())

    def expired(self, now_s: float, limits: RetentionLimits) -> list[UUID]:
        """What retention lets go, as far as the index knows of it."""
        return expired(self._with(lambda index, _: index.stored()), now_s, limits)

    # -- the index -----------------------------------------------------------------------------------------

    def _with(self, work: Callable[[Index, Catalogue], T]) -> T:
        """Done with the index as it is, or made again where it is damaged."""
        try:
            return work(*self._open())
        except IndexDamaged as error:
            self._make_again(error)
        try:
            return work(*self._open())
        except IndexDamaged as error:
            raise IndexUnavailable(str(error)) from error

    def _open(self) -> tuple[Index, Catalogue]:
        if self._opened is None:
            try:
                index, most = Index(self._place), None
                self.problem = ""
            except IndexUnavailable as error:
                log.warning("the history's index is in memory", reason=str(error))
                index, most = Index(None), MOST_IN_MEMORY
                self.problem = str(error)
            self._opened = index, Catalogue(self._library, index, most)
        return self._opened

    def _make_again(self, error: Exception) -> None:
        log.warning("the history's index is made again", reason=str(error))
        self.stale = True
        if self._opened is not None:
            self._opened[0].close()
            self._opened = None
        database.delete(self._place)
