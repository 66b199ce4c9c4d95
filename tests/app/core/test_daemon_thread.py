"""Work in a thread: it returns, fails, or is abandoned."""

import asyncio
import subprocess
import sys
import threading

import pytest

from app.core.daemon_thread import in_daemon_thread
from tests.helpers.waiting import wait_until


async def test_thread_returns_result_or_raises_error() -> None:
    assert await in_daemon_thread(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_daemon_thread(lambda: 1 // 0)


async def test_caller_continues_when_work_hangs() -> None:
    let_go, hanging = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        let_go.wait()

    waiting = asyncio.create_task(in_daemon_thread(hang))
    await wait_until(hanging.is_set, "it hangs")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    let_go.set()


def test_process_exits_while_work_hangs() -> None:
    code = (
        "import asyncio, threading\n"
        "from app.core.daemon_thread import in_daemon_thread\n"
        "async def main():\n"
        "    await asyncio.wait({asyncio.ensure_future(in_daemon_thread(threading.Event().wait))}, timeout=0.05)\n"
        "asyncio.run(main())\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
