"""Serve the history to an event loop: one thread owns the store, and a task keeps the store open.

A gateway serves speech whatever happens to the database. The keeper reopens it until it works; until then
callers get an error at once.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from backend.core.errors import HistoryBusy, HistoryError, HistoryRefused, HistoryUnavailable
from backend.history.records import HistoryLimits
from runtime import loggers
from runtime.clocks import WallClock
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, is_set_within

log = loggers.BACKEND_HISTORY_KEEPER


if TYPE_CHECKING:
    from backend.history.store import Store

T = TypeVar("T")

MOST_WAITING: Final = 64
"""Maximum number of concurrent callers; further calls are refused."""
ASK_S: Final = 10.0
OPEN_S: Final = 10.0
_AT_START_S: Final = 3.0
_RETRY_S: Final = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
_UPKEEP_S: Final = 60.0
_PAUSE_S: Final = 0.05
_CLOSE_S: Final = 5.0
_DAY_S: Final = 86_400.0
_LEAST_DAYS: Final = 7  # deletions are remembered for this long

Open = Callable[[], "Store"]


class AsyncHistory:
    """The history as an event loop uses it. Made by ``open_history``.

    ``problem``: why the history is unavailable; empty if it is available.
    """

    def __init__(self, opening: Open, limits: HistoryLimits, clock: WallClock) -> None:
        self._thread = _StoreThread(opening)
        self._limits = limits
        self._clock = clock
        self._down = asyncio.Event()
        self.problem = "it is not open yet"

    @property
    def up(self) -> bool:
        """Return whether the history is available now."""
        return not self.problem

    def now(self) -> tuple[float, bool]:
        """Return the seconds since 1970, and whether ages can be trusted. Call from the loop only."""
        now_s = self._clock.now_s()  # read first: if the clock is set in between, ages are not trusted
        return now_s, self._clock.can_judge_age(max(self._limits.days, _LEAST_DAYS) * _DAY_S)

    def can_judge_age(self, age_s: float) -> bool:
        """Return whether the clock can tell that something is older than ``age_s``. Call from the loop only."""
        return self._clock.can_judge_age(age_s)

    async def ask(self, work: "Callable[[Store], T]", deadline_s: float = ASK_S) -> T:
        """Run ``work`` in the store's thread and return its result.

        Raises ``HistoryUnavailable`` or ``HistoryBusy``.

        A missed deadline counts as unavailable: the work may still have changed something, so it must be safe to
        repeat.
        """
        if self.problem:
            raise HistoryUnavailable(self.problem)
        try:
            return await self._thread.run(work, deadline_s)
        except HistoryUnavailable as error:
            self._note_unavailable(str(error))
            raise

    async def run(self) -> None:
        """Keep the history open and within its limits, until cancelled."""
        failures = 0
        while True:
            try:
                if self.problem:
                    await asyncio.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
                    failures = 0 if await self.open() else failures + 1
                else:
                    await self._enforce_limits()
            except Exception:
                log.exception(LogEvent.HISTORY_UPKEEP_FAILED)
                await asyncio.sleep(_RETRY_S[-1])

    async def open(self, deadline_s: float = OPEN_S) -> bool:
        """Open or reopen the store. Return whether the history is available now."""
        try:
            await self._thread.reopen(deadline_s)
        except HistoryError as error:
            self._note_unavailable(str(error))
            return False
        if self.problem:
            log.info(LogEvent.HISTORY_OPENED)
        self.problem = ""
        self._down.clear()
        return True

    async def close(self) -> None:
        """Close the history and its store. Safe to call twice."""
        self.problem = self.problem or "it is closed"
        await self._thread.close(_CLOSE_S)

    def _note_unavailable(self, problem: str) -> None:
        if not self._down.is_set():
            log.warning(LogEvent.HISTORY_UNAVAILABLE, reason=problem)
        self.problem = problem
        self._down.set()

    async def _enforce_limits(self) -> None:
        """Enforce the limits in small steps, then wait a minute.

        Nothing expires while the clock cannot be trusted for ages.
        """
        _, aged = self.now()
        limits = self._limits if aged else self._limits._replace(days=0)
        try:
            await self._in_steps(lambda store: store.retain(limits))
            await self._in_steps(lambda store: store.purge())
            if aged:
                await self.ask(lambda store: store.forget())
        except HistoryBusy:
            pass  # callers have priority
        except HistoryRefused as error:
            log.error(LogEvent.HISTORY_RETENTION_FAILED, reason=str(error))
        except HistoryUnavailable:
            return
        await is_set_within(self._down, _UPKEEP_S)

    async def _in_steps(self, step: "Callable[[Store], object]") -> None:
        more: object = True
        while more:
            more = await self.ask(step)
            await asyncio.sleep(_PAUSE_S)


class _StoreThread:
    """The one thread that owns the store.

    The thread is a daemon, so that the process can end although a database no longer answers.
    """

    def __init__(self, opening: Open) -> None:
        self._opening = opening
        self._store: Store | None = None
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._thread = threading.Thread(target=self._serve, name="history", daemon=True)
        self._thread.start()

    async def run(self, work: "Callable[[Store], T]", deadline_s: float) -> T:
        """Run ``work`` in the thread. Raises ``HistoryUnavailable``, ``HistoryBusy`` or the error of the work."""

        def with_store() -> T:
            if self._store is None:
                raise HistoryUnavailable("it is not open")
            return work(self._store)

        return await self._do(with_store, deadline_s)

    async def reopen(self, deadline_s: float) -> None:
        """Open the store, and close the previous one first. Raises ``HistoryUnavailable``."""

        def reopened() -> None:
            self._close_store()
            self._store = self._opening()

        await self._do(reopened, deadline_s)

    async def close(self, deadline_s: float) -> None:
        """Close the store and end the thread."""
        try:
            await self._do(self._close_store, deadline_s)
        except (HistoryUnavailable, HistoryBusy) as error:
            log.warning(LogEvent.HISTORY_THREAD_ABANDONED, reason=str(error))
        self._work.put(None)

    async def _do(self, work: Callable[[], T], deadline_s: float) -> T:
        if self._waiting >= MOST_WAITING:
            raise HistoryBusy(f"{MOST_WAITING} already wait for the history")
        done: Future[T] = Future()
        self._waiting += 1
        try:
            self._work.put((done, work))
            async with asyncio.timeout(deadline_s):
                return await asyncio.wrap_future(done)
        except TimeoutError as error:
            raise HistoryUnavailable(f"the history did not answer within {deadline_s:g} s") from error
        finally:
            self._waiting -= 1

    def _serve(self) -> None:
        while (task := self._work.get()) is not None:
            done, work = task
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001 - the waiting caller gets it
                done.set_exception(error)
        self._close_store()

    def _close_store(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()


@asynccontextmanager
async def open_history(
    url: str,
    limits: HistoryLimits,
    opening: "Callable[[str], Store] | None" = None,
    clock: WallClock | None = None,
) -> AsyncIterator[AsyncHistory]:
    """Open the history at ``url``; while it is unreachable, keep trying.

    ``clock`` decides whether ages can be trusted.
    """
    history = AsyncHistory(partial(opening or _open_store, url), limits, clock or WallClock())
    try:
        async with Tasks("history") as tasks:
            await history.open(_AT_START_S)
            tasks.start(history.run(), "keeper")
            yield history
    finally:
        await history.close()


def _open_store(url: str) -> "Store":
    from backend.history.store import open_store  # late: this import takes 250 ms, in the store's thread

    return open_store(url)
