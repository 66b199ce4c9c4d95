"""Background tasks with a name and an owner that cancels them, and what they wait for.

Failures of tasks are always logged.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Self

from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.RUNTIME_TASKS

_CANCEL_AGAIN_S = 0.5


async def cancel_and_wait(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel ``tasks``, repeatedly, until they are done.

    Once is not enough: ``asyncio.wait_for`` of Python 3.11, which redis-py uses for every command, swallows a
    cancellation that arrives together with its result (python/cpython#86296).
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_CANCEL_AGAIN_S)


async def is_set_within(event: asyncio.Event, deadline_s: float | None) -> bool:
    """Wait until an event is set, at most until the deadline if there is one; return whether it is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(deadline_s):
            await event.wait()
    return event.is_set()


async def holds_within(predicate: Callable[[], bool], news: asyncio.Event, deadline_s: float) -> bool:
    """Wait until ``predicate`` holds, at most until the deadline; return whether it does.

    It is called again whenever ``news`` is set.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(deadline_s):
            while not predicate():
                news.clear()
                await news.wait()
    return predicate()


class Closing(ABC):
    """The base of what is closed when its ``async with`` block is left."""

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
    continue without the task can wait for it.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
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
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """Cancel running tasks and wait for them. Safe to call twice."""
        await cancel_and_wait(self._tasks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.error(LogEvent.TASK_FAILED, task=task.get_name(), exc_info=error)
        if not self.failed.done():
            self.failed.set_result(error)
