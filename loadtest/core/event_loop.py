"""Event loop of a load maker, which SIGTERM and Ctrl-C end in order."""

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final

_SELDOM: Final = (50_000, 20, 100)
"""Thresholds of the garbage collection; with thousands of live tasks, the usual ones took half of the time."""


def run_loop(main: Coroutine[Any, Any, None]) -> bool:
    """Run a coroutine; return ``False`` if SIGTERM or Ctrl-C cancelled it."""
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)  # with thousands of live tasks, garbage collection took half of the time
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_cancellable(main))
    finally:
        gc.set_threshold(*before)


async def _cancellable(main: Coroutine[Any, Any, None]) -> bool:
    task = asyncio.ensure_future(main)
    cancelled = False

    def end() -> None:
        nonlocal cancelled
        cancelled = True
        task.cancel()

    if sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, end)
    try:
        await task
    except asyncio.CancelledError:
        if not cancelled:
            raise
        return False
    return True


def _loop_factory() -> Any:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop
