"""Run work that may hang, such as reading a disk, in a thread that blocks neither the loop nor the exit."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, Final, TypeVar

_EXIT_S: Final = 60.0
"""How long threads may take at the end of the process: a slow disk may still take an edit."""

Result = TypeVar("Result")


def started(work: Callable[[], Result], name: str = "aside") -> "Future[Result]":
    """Run ``work`` in a daemon thread and return its future. Ctrl-C interrupts ``result()`` in the main thread."""
    future: Future[Result] = Future()

    def run() -> None:
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - re-raised in the caller
                future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


async def in_daemon_thread(work: Callable[[], Result], name: str = "aside") -> Result:
    """Run ``work`` in a daemon thread and return its result or raise its error.

    A cancelled caller abandons the thread.
    """
    return await asyncio.wrap_future(started(work, name))


class DaemonThreads(Executor):
    """Executor that runs each call in a daemon thread of its own, so that the exit waits for none of them."""

    def submit(self, work: Callable[..., Result], /, *args: Any, **named: Any) -> "Future[Result]":
        """Run ``work`` in a daemon thread."""
        return started(partial(work, *args, **named))


def exit_past_threads(status: int) -> None:
    """End this process if a thread hangs, because Python's exit would wait for it for ever."""
    latest = time.monotonic() + _EXIT_S
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, latest - time.monotonic()))
            if thread.is_alive():
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
