"""The history for an event loop: what a window of it shows and does.

    async with History(library, rerunner) as history:
        history.follow(show)                        # each new ``Shelf``: whether rows changed, how far it has read
        rows = await history.page(50, query="天气")  # at once, from what is indexed

One thread has the index, so that a search waits for no more than one step of whatever else goes on. Journals are
read and written in other threads. What a method begins is done even when nobody waits for it any more.
"""

import asyncio
import time
from array import array
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import structlog

from app.capture.errors import JournalError
from app.capture.events import Reran
from app.capture.library import Found, Library
from app.capture.retention import RetentionLimits
from app.formats import Format
from app.history import deeds
from app.history.catalogue import Progress
from app.history.errors import HistoryError, TextTooLong
from app.history.exporting import Exported, export
from app.history.index import Row
from app.history.keeper import Keeper
from app.history.rerun import Rerunner, Told
from app.history.view import Wish
from runtime import logger_names
from runtime.folders import folders
from runtime.tasks import Tasks, cancel_and_wait

log = structlog.get_logger(logger_names.APP_HISTORY_HISTORY)
T = TypeVar("T")

MOST_EDITED: Final = 1_000_000
_TELL_S: Final = 0.25
_CLOSE_S: Final = 5.0
_TRIES: Final = 2
_READ: Final = 64


@dataclass(frozen=True)
class Shelf:
    """``version``: another one when rows may be others. ``done`` of ``total``: takes that are being read, if any.

    ``problem``: why there is no index that lasts, or why it is not up to date.
    """

    version: int = 0
    done: int = 0
    total: int = 0
    problem: str = ""


class History:
    """The takes of this user. Methods raise ``AppError``; everything here belongs to one loop."""

    def __init__(self, library: Library, rerunner: Rerunner, place: Path | None = None) -> None:
        self._library = library
        self._rerunner = rerunner
        self._keeper = Keeper(library, place or folders().data / "history" / "index.sqlite")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._tasks = Tasks("history")
        self._doing: set[asyncio.Task[Any]] = set()
        self._refreshing: asyncio.Task[None] | None = None
        self._changed: set[UUID] = set()
        self._wake = asyncio.Event()
        self._shelf = Shelf()
        self._open = False
        self._told_at = 0.0
        self._followers: list[Callable[[Shelf], None]] = []

    async def __aenter__(self) -> Self:
        self._open = True
        self._tasks.start(self._keep_up(), "changed")
        self.refresh()
        return self

    async def __aexit__(self, *_: object) -> None:
        """What was begun is ended first, for some seconds."""
        self._open = False
        if self._doing:
            await asyncio.wait(self._doing, timeout=_CLOSE_S)
        await cancel_and_wait(self._doing)
        await self._tasks.close()
        with suppress(HistoryError):
            await self._beside(self._keeper.close)
        self._thread.shutdown(wait=False)

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def shelf(self) -> Shelf:
        """How it stands."""
        return self._shelf

    def follow(self, told: Callable[[Shelf], None]) -> Callable[[], None]:
        """``told`` how it stands whenever that changes, a few times a second at most; returns what ends it."""
        self._followers.append(told)
        return partial(self._followers.remove, told)

    async def page(self, limit: int, before: int | None = None, query: str = "") -> list[Row]:
        """The newest takes before a row's key that have what the query names, or of all."""
        return await self._beside(partial(self._keeper.page, limit, before, query))

    async def keys(self, query: str = "") -> "array[int]":
        """The keys of all of them, the newest first: 8 bytes each, for a list that can be scrolled anywhere."""
        return await self._beside(partial(self._keeper.keys, query))

    async def rows(self, keys: Sequence[int]) -> list[Row]:
        """Those of these (a screenful) that are still there, the newest first."""
        return await self._beside(partial(self._keeper.rows, keys))

    async def count(self, query: str = "") -> int:
        """How many have what the query names."""
        return await self._beside(partial(self._keeper.count, query))

    async def take(self, session: UUID) -> Found:
        """All that is known of a take: its audio, when each word was said, what other models made of it."""
        return await asyncio.to_thread(self._library.find, session)

    # -- keeping up ----------------------------------------------------------------------------------------

    def changed(self, session: UUID) -> None:
        """Something happened to this take; returns at once."""
        self._changed.add(session)
        self._wake.set()

    def refresh(self) -> asyncio.Task[None]:
        """Look at every take in the background, as when the window is opened: others may have changed some."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = self._tasks.start(self._refresh(), "refresh")
        return self._refreshing

    async def _refresh(self) -> None:
        for _ in range(_TRIES):
            try:
                await self._go_through(self._keeper.refresh())
            except HistoryError as error:
                log.warning("the history is not up to date", reason=str(error))
                return self._show(done=0, total=0, problem=str(error))
            if not self._keeper.stale:
                break
        self._show(done=0, total=0, problem=self._keeper.problem)

    async def _go_through(self, steps: Iterator[Progress]) -> None:
        while (step := await self._in_thread(partial(next, steps, None))) is not None:
            version = self._shelf.version + step.changed
            new = replace(self._shelf, version=version, done=step.done, total=step.total)
            if time.monotonic() - self._told_at < _TELL_S:
                self._shelf = new
            elif new != self._shelf:
                self._tell(new)

    async def _keep_up(self) -> None:
        while True:
            await self._wake.wait()
            some = set(islice(self._changed, _READ))
            self._changed -= some
            if not self._changed:
                self._wake.clear()
            try:
                await self._beside(partial(self._keeper.read, some))
            except HistoryError as error:
                log.warning("the history is not up to date", reason=str(error))
                self._show(problem=str(error))
            else:
                self._show(version=self._shelf.version + 1)

    # -- what a person does --------------------------------------------------------------------------------

    async def edit(self, session: UUID, text: str) -> None:
        """What the take is to say from now on; empty, or what was recognised: that."""
        if len(text) > MOST_EDITED:
            raise TextTooLong(MOST_EDITED)
        text = text.strip().encode("utf-8", "replace").decode()
        await self._done(asyncio.to_thread(deeds.edit, self._library, session, text))
        self.changed(session)

    async def delete(self, sessions: Iterable[UUID]) -> Mapping[UUID, JournalError]:
        """Delete takes for good, with all that was ever written of them; returns those that stay, and why.

        Once it returns, no file of ours has a word of them. There is no way back.
        """
        return await self._done(self._delete(tuple(sessions)))

    async def sweep(self, limits: RetentionLimits, now_s: float) -> None:
        """Delete what retention lets go, as ``delete``. What is not recognised always stays."""
        await self._done(self._sweep(limits, now_s))

    async def export(
        self, sessions: Sequence[UUID], form: Format, place: Path, *, overwrite: bool = False
    ) -> Exported:
        """As ``exporting.export``; takes that are gone are left out."""

        def work() -> Exported:
            return export(list(deeds.there(self._library, sessions)), form, place, overwrite=overwrite)

        return await self._done(asyncio.to_thread(work))

    async def rerun(self, session: UUID, wish: Wish, told: Told = lambda ended, pieces: None) -> Reran:
        """Recognise a take once more, as ``Rerunner.rerun``; what comes of it is in the take's ``runs`` then."""
        run = await self._rerunner.rerun(await self.take(session), wish, told)
        await self._done(asyncio.to_thread(deeds.keep_run, self._library, session, run))
        self.changed(session)
        return run

    async def _delete(self, sessions: tuple[UUID, ...]) -> Mapping[UUID, JournalError]:
        refused = await asyncio.to_thread(deeds.delete, self._library, sessions)
        await self._forget([session for session in sessions if session not in refused])
        return refused

    async def _sweep(self, limits: RetentionLimits, now_s: float) -> None:
        await asyncio.wait([self.refresh()])
        if self._shelf.problem:  # the index may lack some
            gone = await asyncio.to_thread(self._library.sweep, now_s, limits)
        else:
            expired = await self._beside(partial(self._keeper.expired, now_s, limits))
            gone = await asyncio.to_thread(deeds.let_go, self._library, expired)
        await self._forget(gone)

    async def _forget(self, gone: Sequence[UUID]) -> None:
        if gone:
            await self._beside(partial(self._keeper.forget, gone))
            self._show(version=self._shelf.version + 1)
            while await self._beside(self._keeper.purge):
                pass

    # -- how -----------------------------------------------------------------------------------------------

    def _show(self, **changed: Any) -> None:
        self._tell(replace(self._shelf, **changed))

    def _tell(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._told_at = time.monotonic()
        for told in tuple(self._followers):
            told(self._shelf)

    async def _beside(self, work: Callable[[], T]) -> T:
        """Done in the thread of the index. One that had to be made again there is filled."""
        try:
            return await self._in_thread(work)
        finally:
            if self._keeper.stale and self._open:
                self.refresh()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _done(self, work: Coroutine[Any, Any, T]) -> T:
        """Goes on to its end although nobody may wait for it any more."""
        task = asyncio.create_task(work, name="history/done")
        self._doing.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._doing.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("not done", reason=str(error))
