"""Work that may hang, such as reading a disk, in a thread that blocks neither the loop nor the exit."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


async def in_daemon_thread(work: Callable[[], Result], name: str = "aside") -> Result:
    """Run ``work`` in a daemon thread and return its result or raise its error.

    A cancelled caller abandons the thread.
    """
    future: Future[Result] = Future()

    def run() -> None:
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - re-raised in the caller
                future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await asyncio.wrap_future(future)
