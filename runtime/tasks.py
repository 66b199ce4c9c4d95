"""Background tasks with a name and an owner that cancels them, and ways to wait for events.

Failures of tasks are always logged.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Self, TypeVar, cast

from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.RUNTIME_TASKS

T = TypeVar("T")

_CANCEL_AGAIN_S = 0.5
_STEADY_S = 60.0
_PAUSES_S = (0.5, 2.0, 10.0, 60.0)


async def cancel_and_wait(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel all ``tasks`` but this one, repeatedly, until they are done.

    Once is not enough: ``asyncio.wait_for`` of Python 3.11, which redis-py uses for every command, swallows a
    cancellation that arrives together with its result (python/cpython#86296). A caller that is cancelled meanwhile
    waits all the same: otherwise it would leave tasks without an owner.
    """
    running = {task for task in tasks if not task.done()} - {asyncio.current_task()}
    again_s, cancelled = loop_time(), False
    while running:
        if (now := loop_time()) >= again_s:
            again_s = now + _CANCEL_AGAIN_S
            for task in running:
                task.cancel()
        try:
            _, running = await asyncio.wait(running, timeout=again_s - now)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


async def abandon(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel ``tasks`` whose results are no longer needed; asyncio reports none of their errors."""
    known = tuple(tasks)
    await cancel_and_wait(known)
    for task in known:
        if not task.cancelled():
            task.exception()


async def complete(work: Awaitable[T]) -> T:
    """Let short ``work`` finish even if this task is cancelled meanwhile, then raise the cancellation."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError from task.exception()
    return task.result()


def loop_time() -> float:
    """Return the time of the running event loop, in seconds."""
    return asyncio.get_running_loop().time()


async def is_set_within(event: asyncio.Event, deadline_s: float | None) -> bool:
    """Wait until an event is set, at most until the deadline if there is one; return whether it is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(deadline_s):
            await event.wait()
    return event.is_set()


async def holds_within(
    predicate: Callable[[], bool], news: asyncio.Event, deadline_s: float | None = None
) -> bool:
    """Wait until ``predicate`` holds, at most until the deadline if there is one; return whether it does.

    It is called again whenever ``news`` is set.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(deadline_s):
            while not predicate():
                news.clear()
                await news.wait()
    return predicate()


def within(seconds: float, *expected: type[Exception]) -> AbstractAsyncContextManager[None, bool]:
    """Leave the context after this time, or at an ``expected`` error, and raise nothing."""
    return cast("AbstractAsyncContextManager[None, bool]", _within(seconds, expected))  # mypy: suppresses errors


@asynccontextmanager
async def _within(seconds: float, expected: tuple[type[Exception], ...]) -> AsyncIterator[None]:
    with suppress(TimeoutError, *expected):
        async with asyncio.timeout(seconds):
            yield


@asynccontextmanager
async def close_on_error(close: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Call ``close`` if the context ends with an error or a cancellation, which is raised again."""
    try:
        yield
    except BaseException:
        await close()
        raise


class Signal:
    """Event for one waiter at a time. ``asyncio.Event`` has a queue of waiters, and needs 800 bytes more."""

    __slots__ = ("_set", "_waiter")

    def __init__(self, *, is_set: bool = False) -> None:
        self._set = is_set
        self._waiter: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        """Return whether the signal is set."""
        return self._set

    def set(self) -> None:
        """Set the signal, and wake the waiter."""
        self._set = True
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def clear(self) -> None:
        """Let the next waiter wait."""
        self._set = False

    def wait(self) -> "asyncio.Future[None]":
        """Return a future that completes once the signal is set."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._set:
            waiter.set_result(None)
        else:
            self._waiter = waiter
        return waiter


class Closing(ABC):
    """Base class of objects that close when their ``async with`` block is left."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @abstractmethod
    async def close(self) -> None:
        """End all work. Safe to call twice."""


class Tasks(Closing):
    """Tasks that end with their owner. Leaving the context cancels them and waits until they are gone.

    A failing task is logged with its traceback and completes ``failed`` with the exception. An owner that cannot
    continue without the task can wait for it. ``expected``: errors that the owner reports, so that they are not
    logged here.
    """

    def __init__(self, owner: str, expected: type[Exception] | tuple[type[Exception], ...] = ()) -> None:
        self._owner, self._expected = owner, expected
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[BaseException] | None = None

    @property
    def failed(self) -> "asyncio.Future[BaseException]":
        """Future that completes with the first exception of a task."""
        if self._failed is None:
            self._failed = asyncio.get_running_loop().create_future()
        return self._failed

    def start(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run ``coroutine`` as the task ``owner/name``."""
        task = asyncio.create_task(coroutine, name=f"{self._owner}/{name}")
        self._tasks.add(task)
        task.add_done_callback(self._handle_end)
        return task

    def keep(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> asyncio.Task[None]:
        """Run ``work`` as the task ``owner/name``, and again after a pause whenever it fails, until it returns.

        For work that must last as long as its owner, and that may begin anew at any time.
        """
        return self.start(self._keep_running(work, f"{self._owner}/{name}"), name)

    async def close(self) -> None:
        """Cancel running tasks and wait for them, even if the caller is cancelled meanwhile. Safe to call twice.

        One of these tasks may call it, too, and then continues.
        """
        await cancel_and_wait(self._tasks)

    async def _keep_running(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        failures = 0
        while True:
            began = loop_time()
            try:
                return await work()
            except Exception as error:  # top level of a task: its owner needs it, whatever happened
                log.error(LogEvent.TASK_FAILED, task=name, exc_info=error)
            failures = 0 if loop_time() - began >= _STEADY_S else failures
            await asyncio.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
            failures += 1

    def _handle_end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not isinstance(error, self._expected):
            log.error(LogEvent.TASK_FAILED, task=task.get_name(), exc_info=error)
        if not self.failed.done():
            self.failed.set_result(error)


class TaskOwner(Closing):
    """Base class of objects that own tasks, and have nothing else to close."""

    _tasks: Tasks

    async def close(self) -> None:
        """End all work. Safe to call twice."""
        await self._tasks.close()


class OneTask:
    """Task ``name`` of an owner's ``tasks``, of which at most one runs at a time."""

    def __init__(self, tasks: Tasks, name: str) -> None:
        self._tasks, self._name = tasks, name
        self._task: asyncio.Task[None] | None = None

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start ``work`` unless the task runs already."""
        if self._task is None or self._task.done():
            self._task = self._tasks.start(work(), self._name)

    def keep(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Keep ``work`` running like ``Tasks.keep`` unless the task runs already."""
        if self._task is None or self._task.done():
            self._task = self._tasks.keep(work, self._name)

    def stop(self) -> None:
        """Cancel the task if it runs; another one may start at once."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
