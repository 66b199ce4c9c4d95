"""Serve the history of takes to an event loop: everything that the window shows and does.

    async with History(library, rerunner) as history:
        history.follow(show)                                # each new ``IndexState``
        rows = await history.page(50, query="天气")          # at once, from the index

One thread owns the index and does long work in steps, so a search waits for at most one step. Other threads read
and write journals. Work that a method has begun is completed even if the caller is cancelled.
"""

import asyncio
import time
from array import array
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self, TypeVar
from uuid import UUID

from msgspec import structs

from app.core.format import Format
from app.core.segment_observer import SegmentEvent, SegmentStep
from app.history.errors import TakeHistoryError, TextTooLong
from app.history.export import ExportProgress, ExportResult, export
from app.history.index import IndexRow
from app.history.indexed_takes import IndexOwner, RefreshProgress
from app.history.rerecognition import OnProgress, Rerunner
from app.history.view import RerunOptions
from app.journal.errors import JournalError, TakeUnknown
from app.journal.events import Reran
from app.journal.library import Library, TakeSnapshot
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import folders
from runtime.tasks import Tasks, cancel_and_wait, is_set_within

log = loggers.APP_HISTORY_HISTORY

T = TypeVar("T")

MOST_EDITED: Final = 1_000_000
_SHOW_S: Final = 0.25
_CLOSE_S: Final = 5.0
_TRIES: Final = 2
_READ: Final = 64


@dataclass(frozen=True)
class IndexState:
    """State of the history.

    ``version``: changes when rows may have changed. ``done`` of ``total``: progress of reading takes. ``problem``:
    why the index is only in memory, or out of date. ``not_kept``: number of recordings since the start that are
    not completely on disk.
    """

    version: int = 0
    done: int = 0
    total: int = 0
    problem: str = ""
    not_kept: int = 0


class History:
    """History of this user's takes.

    Methods raise ``AppError``. Use an instance in one event loop. ``close_s``: how long its end waits for begun
    work, and for the index.
    """

    def __init__(
        self, library: Library, rerunner: Rerunner, place: Path | None = None, close_s: float = _CLOSE_S
    ) -> None:
        self._library = library
        self._close_s = close_s
        self._rerunner = rerunner
        self._owner = IndexOwner(library, place or folders().data / "history" / "index.sqlite")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._tasks = Tasks("history")
        self._running: set[asyncio.Task[Any]] = set()
        self._refreshing: asyncio.Task[None] | None = None
        self._changed: set[UUID] = set()
        self._wake = asyncio.Event()
        self.index = IndexState()
        self._open = False
        self._shown_at_s = 0.0
        self._followers: list[Callable[[IndexState], None]] = []

    async def __aenter__(self) -> Self:
        self._open = True
        self._tasks.keep(self._index_changes, "changed")
        self.refresh()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Complete begun work and close the index, each within a few seconds.

        What a hanging disk delays goes on in its thread, which nothing here waits for.
        """
        self._open = False
        if self._running:
            await asyncio.wait(self._running, timeout=self._close_s)
        await cancel_and_wait(self._running)
        await self._tasks.close()
        await self._close_index()

    async def _close_index(self) -> None:
        loop, closed = asyncio.get_running_loop(), asyncio.Event()

        def report(closing: "Future[None]") -> None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(closed.set)

        closing = self._thread.submit(self._owner.close)
        closing.add_done_callback(report)
        self._thread.shutdown(wait=False)
        if await is_set_within(closed, self._close_s):
            with suppress(TakeHistoryError):
                closing.result()
        else:
            log.warning(LogEvent.THREAD_NOT_ENDED, thread="history")

    # -- reading -------------------------------------------------------------------------------------------

    def follow(self, show: Callable[[IndexState], None]) -> Callable[[], None]:
        """Call ``show`` with each new state, and return a function that ends this."""
        self._followers.append(show)
        return partial(self._followers.remove, show)

    async def page(self, limit: int, before: int | None = None, query: str = "") -> list[IndexRow]:
        """Return the newest takes before a row's key that match the query."""
        return await self._in_index_thread(partial(self._owner.page, limit, before, query))

    async def keys(self, query: str = "", *, unfinished: bool = False) -> "array[int]":
        """Return the keys of all matching takes, newest first, 8 bytes each, for lists with random access.

        ``unfinished``: only takes that failed, are damaged, or have text to paste.
        """
        return await self._in_index_thread(partial(self._owner.keys, query, unfinished=unfinished))

    async def rows(self, keys: Sequence[int]) -> list[IndexRow]:
        """Return the rows of these keys (a screenful) that still exist, newest first."""
        return await self._in_index_thread(partial(self._owner.rows, keys))

    async def take(self, session: UUID) -> TakeSnapshot:
        """Return everything known about a take: audio, times of words, repeated recognitions."""
        return await asyncio.to_thread(self._library.find, session)

    # -- updating the index ---------------------------------------------------------------------------------

    def changed(self, session: UUID) -> None:
        """Record that a take has changed and must be indexed again; returns at once."""
        self._changed.add(session)
        self._wake.set()

    def observe(self, event: SegmentEvent) -> None:
        """Count recordings that are not completely on disk: their row is missing or incomplete."""
        if event.step is SegmentStep.NOT_KEPT:
            self._show(not_kept=self.index.not_kept + 1)

    def refresh(self) -> asyncio.Task[None]:
        """Check every take in the background, because other processes may have changed some."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = self._tasks.start(self._refresh(), "refresh")
        return self._refreshing

    async def _refresh(self) -> None:
        for _ in range(_TRIES):
            try:
                await self._go_through(self._owner.refresh())
            except TakeHistoryError as error:
                log.warning(LogEvent.HISTORY_REFRESH_FAILED, reason=str(error))
                return self._show(done=0, total=0, problem=str(error))
            if not self._owner.stale:
                break
        self._show(done=0, total=0, problem=self._owner.problem)

    async def _go_through(self, steps: Iterator[RefreshProgress]) -> None:
        while (step := await self._in_thread(partial(next, steps, None))) is not None:
            version = self.index.version + step.changed
            new = replace(self.index, version=version, done=step.done, total=step.total)
            if time.monotonic() - self._shown_at_s < _SHOW_S:
                self.index = new
            elif new != self.index:
                self._set_index(new)

    async def _index_changes(self) -> None:
        while True:
            await self._wake.wait()
            some = set(islice(self._changed, _READ))
            self._changed -= some
            if not self._changed:
                self._wake.clear()
            try:
                await self._in_index_thread(partial(self._owner.read, some))
            except TakeHistoryError as error:
                log.warning(LogEvent.HISTORY_REFRESH_FAILED, reason=str(error))
                self._show(problem=str(error))
            else:
                self._show(version=self.index.version + 1)

    # -- actions of the user --------------------------------------------------------------------------------

    async def edit(self, session: UUID, text: str, seen: int | None = None) -> int:
        """Set the text of a take, as ``edit_take``."""
        if len(text) > MOST_EDITED:
            raise TextTooLong(MOST_EDITED)
        text = text.strip().encode("utf-8", "replace").decode()
        revision = await self._complete(_in_any_thread(partial(edit_take, self._library, session, text, seen)))
        self.changed(session)
        return revision

    async def delete(self, sessions: Iterable[UUID]) -> Mapping[UUID, JournalError]:
        """Delete takes permanently, and return the errors of those that could not be deleted.

        Afterwards no file of this program contains a word of a deleted take. Undo is impossible.
        """
        return await self._complete(self._delete(tuple(sessions)))

    async def export(
        self,
        sessions: Sequence[UUID],
        form: Format,
        place: Path,
        *,
        overwrite: bool = False,
        progress: ExportProgress | None = None,
    ) -> ExportResult:
        """Export takes as ``app.history.export`` does; missing takes are skipped."""
        takes = existing_takes(self._library, sessions)
        work = partial(export, takes, form, place, overwrite=overwrite, progress=progress)
        return await self._complete(_in_any_thread(work))

    async def rerun(
        self, session: UUID, options: RerunOptions, on_progress: OnProgress = lambda ended, pieces: None
    ) -> Reran:
        """Recognise a take again, as ``Rerunner.rerun``, and add the result to the take's ``runs``."""
        run = await self._rerunner.rerun(await self.take(session), options, on_progress)
        await self._complete(_in_any_thread(partial(keep_run, self._library, session, run)))
        self.changed(session)
        return run

    async def _delete(self, sessions: tuple[UUID, ...]) -> Mapping[UUID, JournalError]:
        refused = await _in_any_thread(partial(delete_takes, self._library, sessions))
        await self._forget([session for session in sessions if session not in refused])
        return refused

    async def _forget(self, gone: Sequence[UUID]) -> None:
        if gone:
            await self._in_index_thread(partial(self._owner.forget, gone))
            self._show(version=self.index.version + 1)
            while await self._in_index_thread(self._owner.purge):
                pass

    # -- implementation ------------------------------------------------------------------------------------

    def _show(self, **changed: Any) -> None:
        self._set_index(replace(self.index, **changed))

    def _set_index(self, index: IndexState) -> None:
        self.index = index
        self._shown_at_s = time.monotonic()
        for show in tuple(self._followers):
            show(self.index)

    async def _in_index_thread(self, work: Callable[[], T]) -> T:
        """Run ``work`` in the index's thread; if this rebuilt the index, start to refill it."""
        try:
            return await self._in_thread(work)
        finally:
            if self._owner.stale and self._open:
                self.refresh()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _complete(self, work: Coroutine[Any, Any, T]) -> T:
        """Complete ``work`` even if the caller is cancelled."""
        task = asyncio.create_task(work, name="history/done")
        self._running.add(task)
        task.add_done_callback(self._end_task)
        return await asyncio.shield(task)

    def _end_task(self, task: "asyncio.Task[Any]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info(LogEvent.HISTORY_ACTION_FAILED, reason=str(error))


async def _in_any_thread(work: Callable[[], T]) -> T:
    """Run ``work`` in a thread of the loop. It is done even if the caller is cancelled before it begins."""
    return await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, work))


def edit_take(library: Library, session: UUID, text: str, seen: int | None = None) -> int:
    """Set a take's text, and return the take's new revision. Raises ``JournalError``.

    An empty text, or the recognised one, removes the edit. ``seen``: the revision that the user edited; texts that
    have arrived since then are added. ``None``: the text is that of the whole take.
    """
    with library.reopen(session) as journal:
        take = journal.take
        if text and seen is not None and not take.is_whole(text):
            text = take.with_later(text, seen)
        wanted = "" if text == take.transcript(journal.samples).text else text
        if wanted != take.edited:
            journal.edit(wanted)
        return take.revision


def keep_run(library: Library, session: UUID, run: Reran) -> None:
    """Add the result of a repeated recognition to the take, unless it has an equal one.

    Raises ``TakeUnknown`` if the take has been deleted. Other failures are only logged, because the result only
    serves for comparison.
    """
    try:
        with library.reopen(session) as journal:
            if not any(structs.replace(before, started=run.started) == run for before in journal.take.runs):
                journal.reran(run)
    except TakeUnknown:
        raise
    except JournalError as error:
        log.warning(LogEvent.TAKE_RERECOGNITION_NOT_KEPT, reason=str(error))


def delete_takes(library: Library, sessions: Iterable[UUID]) -> Mapping[UUID, JournalError]:
    """Delete takes and return the errors of those that could not be deleted; ignore missing takes."""
    refused: dict[UUID, JournalError] = {}
    for session in sessions:
        try:
            library.delete(session)
        except TakeUnknown:
            continue
        except JournalError as error:
            refused[session] = error
    return refused


def existing_takes(library: Library, sessions: Iterable[UUID]) -> Iterator[TakeSnapshot]:
    """Yield the takes that exist."""
    for session in sessions:
        with suppress(TakeUnknown):
            yield library.find(session)
