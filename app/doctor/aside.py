"""Work that may hang, a look at a disk for one, in a thread that keeps neither the loop nor the process."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


async def aside(work: Callable[[], Result]) -> Result:
    """What ``work`` returns or raises. Whoever stops waiting leaves the thread, a daemon, to itself."""
    future: Future[Result] = Future()

    def run() -> None:
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed to whoever asked
                future.set_exception(error)

    threading.Thread(target=run, name="examination", daemon=True).start()
    return await asyncio.wrap_future(future)
