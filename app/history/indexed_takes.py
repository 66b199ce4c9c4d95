"""Keep the index up to date with the folder of takes, and list, search and delete takes, in one thread.

A damaged index is rebuilt during use. If the file cannot be used (no space, no access), an index of the newest
takes in memory replaces it, and ``problem`` states why.

An update reads only new and changed takes, in bounded steps. A take has changed if its events have another time or
size, or its audio has another size. A take whose recording has no end is read every time.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from app.history import database
from app.history.errors import IndexDamaged, IndexUnavailable
from app.history.index import Index, IndexedTake, IndexRow
from app.journal.disk import is_locked
from app.journal.errors import JournalError, TakeUnknown
from app.journal.library import Library, TakeSnapshot, TakeStamp
from app.journal.take import TRANSCRIBED, TakeState
from runtime import loggers
from runtime.event_names import LogEvent

T = TypeVar("T")

_LOOKED_AT: Final = 1_000
_READ: Final = 64


@dataclass(frozen=True)
class RefreshProgress:
    """Progress of a refresh: ``done`` of ``total`` changed takes.

    ``changed``: this step changed the index.
    """

    done: int = 0
    total: int = 0
    changed: bool = False


class IndexUpdater:
    """Updater of an index.

    ``most``: limit on indexed takes, newest first; ``None``: no limit.
    """

    def __init__(self, library: Library, index: Index, most: int | None = None) -> None:
        self._library = library
        self._index = index
        self._most = most

    def refresh(self) -> Iterator[RefreshProgress]:
        """Check every take and read the changed ones, newest first, in steps of some milliseconds.

        Raises ``IndexUnavailable`` or ``IndexDamaged``; completed steps stay.
        """
        gone, changed = dict(self._index.indexed_takes()), list[tuple[int, UUID]]()
        for number, (session, stamp) in enumerate(_stamps(self._library)):
            before = gone.pop(str(session), None)
            if before is None or before.stamp != stamp or not before.settled:
                changed.append((stamp.changed_ns, session))
            if number % _LOOKED_AT == 0:
                yield RefreshProgress()
        for names in _parts(list(gone), _READ):
            self._index.remove(map(UUID, names))
            yield RefreshProgress(changed=True)
        newest = [session for _, session in sorted(changed, reverse=True)[: self._most]]
        done = 0
        for sessions in _parts(newest, _READ):
            self.read(sessions)
            done += len(sessions)
            yield RefreshProgress(done, len(newest), changed=True)
        if self._index.must_purge():
            while self._index.purge():
                yield RefreshProgress(done, len(newest))

    def read(self, sessions: Iterable[UUID]) -> None:
        """Read these takes again and remove those that are gone."""
        there: list[tuple[IndexRow, IndexedTake]] = []
        gone: list[UUID] = []
        for session in sessions:
            try:
                # The stamp is taken first, so that a later change is noticed next time.
                stamp = self._library.stamp(session)
                found = self._library.find(session)
                there.append((row_of(found), IndexedTake(stamp, found.take.finished)))
            except TakeUnknown:
                gone.append(session)
        self._index.put(there)
        if gone:
            self._index.remove(gone)


def row_of(found: TakeSnapshot) -> IndexRow:
    """Return a take's row, regardless of whether a process is working on the take."""
    segments = found.transcript.segments
    return IndexRow(
        found.session,
        found.take.started_s,
        found.seconds,
        found.size,
        found.take.state(found.samples),
        found.text,
        language=_most((segment.language, len(segment.text)) for segment in segments),
        model=_most((segment.model, len(segment.text)) for segment in segments),
        edited=bool(found.take.edited),
        cancelled=found.take.cancelled,
        partly=found.partly,
        program=found.take.program,
        revision=found.take.revision,
    )


def _most(weighed: Iterable[tuple[str, int]]) -> str:
    total = Counter[str]()
    for name, weight in weighed:
        if name:
            total[name] += weight
    return total.most_common(1)[0][0] if total else ""


def _stamps(library: Library) -> Iterator[tuple[UUID, TakeStamp]]:
    """Yield the session and the stamp of every take."""
    try:
        sessions = library.sessions()
    except JournalError as error:
        raise IndexUnavailable(str(error)) from error
    for session in sessions:
        with suppress(TakeUnknown):
            yield session, library.stamp(session)


def _parts(whole: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


log = loggers.APP_HISTORY_KEEPER


MOST_IN_MEMORY: Final = 2_000


class IndexOwner:
    """Owner of the index in the file ``place``.

    ``stale``: the index was rebuilt and needs a ``refresh``. All methods must be called in one thread, and may
    raise ``IndexUnavailable``.
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

    def keys(self, query: str = "", *, unfinished: bool = False) -> "array[int]":
        """Return the keys of all matching takes, newest first; ``unfinished``: as ``Index.unfinished``."""
        found = self._with(lambda index, _: index.keys(query))
        if not unfinished:
            return found
        rows = self.rows(self._with(lambda index, _: index.unfinished()))
        wanted = {row.key for row in rows if row.state is not TakeState.LIVE}
        return array("q", (key for key in found if key in wanted))

    def _as_they_are(self, rows: list[IndexRow]) -> list[IndexRow]:
        """Return the rows with the state ``LIVE`` for takes that a process is working on."""
        return [replace(row, state=TakeState.LIVE) if self._is_live(row) else row for row in rows]

    def _is_live(self, row: IndexRow) -> bool:
        return row.state not in TRANSCRIBED and is_locked(self._library.root / str(row.session))

    # -- writing -------------------------------------------------------------------------------------------

    def refresh(self) -> Iterator[RefreshProgress]:
        """Update the index from the folder, as ``IndexUpdater.refresh``; a damaged index becomes ``stale``.

        If other work rebuilds the index meanwhile, the update ends.
        """
        if self.problem:  # the cause may be gone
            self.close()
        self.stale = False
        try:
            opened = self._open()
            for step in opened[1].refresh():
                yield step
                if self._opened is not opened:  # other work has rebuilt the index
                    return
        except IndexDamaged as error:
            self._delete_index(error)

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
            self._delete_index(error)

    def purge(self) -> bool:
        """Continue the erasure that ``forget`` began, and return whether more remains."""
        return self._with(lambda index, _: index.must_purge() and index.purge())

    # -- the index -----------------------------------------------------------------------------------------

    def _with(self, work: Callable[[Index, IndexUpdater], T]) -> T:
        """Run ``work`` with the index; if it is damaged, rebuild it and run ``work`` once more."""
        try:
            return work(*self._open())
        except IndexDamaged as error:
            self._delete_index(error)
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

    def _delete_index(self, error: Exception) -> None:
        log.warning(LogEvent.HISTORY_INDEX_REBUILT, reason=str(error))
        self.stale = True
        if self._opened is not None:
            self._opened[0].close()
            self._opened = None
        database.delete(self._place)
