"""Event loop in a thread of its own, for a program whose main thread runs another loop.

    with LoopThread("app") as loop:
        loop.submit(work())          # from any thread; a failure is logged and passed to ``on_failure``

Leaving the context cancels running tasks, waits until they are gone, and joins the thread. Threads block on each
other only here; everything else meets in the loop.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import cancel_and_wait

log = loggers.RUNTIME_LOOP_THREAD

T = TypeVar("T")

_JOIN_S: Final = 30.0


class LoopThread:
    """Thread with an event loop. ``on_failure`` is called in any thread with errors of submitted coroutines."""

    def __init__(self, name: str, on_failure: Callable[[BaseException], None] = lambda error: None) -> None:
        self._name = name
        self._on_failure = on_failure
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = Future[asyncio.AbstractEventLoop]()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run ``coroutine`` in the loop. Raises ``RuntimeError`` once the thread has ended."""
        if self._loop is None or not self._thread.is_alive():
            coroutine.close()
            raise RuntimeError(f"the thread {self._name} does not run")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        future.add_done_callback(self._report_failure)
        return future

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function in the loop; do nothing once the thread has ended."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(function, *arguments)

    def __enter__(self) -> Self:
        """Start the thread. Raises ``OSError`` if the system refuses it a loop."""
        self._thread.start()
        self._loop = self._ready.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancel running tasks, wait for them, end the thread. Safe to call twice."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_JOIN_S)
            if self._thread.is_alive():
                log.error(LogEvent.THREAD_NOT_ENDED, thread=self._name)

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._main())
        except OSError as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        self._ready.set_result(asyncio.get_running_loop())
        await self._stop.wait()
        await cancel_and_wait(asyncio.all_tasks() - {asyncio.current_task()})

    def _report_failure(self, work: "Future[Any]") -> None:
        if not work.cancelled() and isinstance(error := work.exception(), Exception):
            log.error(LogEvent.TASK_FAILED, thread=self._name, exc_info=error)
            self._on_failure(error)
