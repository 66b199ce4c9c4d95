"""Processes of a load maker: an event loop that ends orderly upon signals, and modules run as other processes."""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import msgspec

from runtime.leash import leashed_command
from runtime.programs import module_command

_SELDOM: Final = (50_000, 20, 100)
"""Thresholds of the garbage collection; with thousands of tasks and the default ones, it took half of the time."""
_LONGEST_LINE: Final = 64 * 2**20


def run_loop(main: Coroutine[Any, Any, None]) -> bool:
    """Run a coroutine; return ``False`` if SIGTERM or Ctrl-C cancelled it."""
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
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


@asynccontextmanager
async def running_module(
    module: str, order: msgspec.Struct
) -> AsyncIterator[tuple[asyncio.subprocess.Process, asyncio.StreamReader]]:
    """Run a module, which reads ``order`` as a line of JSON; yield the process and its output, then kill it."""
    pipe = asyncio.subprocess.PIPE
    command = leashed_command(module_command(module))
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=_LONGEST_LINE)
    assert process.stdin and process.stdout
    try:
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        yield process, process.stdout
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
