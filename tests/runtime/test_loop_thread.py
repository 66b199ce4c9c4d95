import asyncio
import errno
import gc
import os
import threading
from concurrent.futures import CancelledError

import pytest

from runtime.loop_thread import LoopThread
from tests.helpers.waiting import wait_until_sync


async def thread_name() -> str:
    return threading.current_thread().name


async def failing() -> None:
    raise ValueError("no")


def test_loop_thread_runs_coroutines_in_its_thread() -> None:
    with LoopThread("loop") as loop:
        assert loop.submit(thread_name()).result(10) == "loop"
    assert "loop" not in {thread.name for thread in threading.enumerate()}


def test_loop_thread_calls_functions_in_its_thread() -> None:
    called: list[tuple[str, int]] = []
    with LoopThread("loop") as loop:
        loop.call(lambda number: called.append((threading.current_thread().name, number)), 7)
        wait_until_sync(lambda: called, "it was called")
    assert called == [("loop", 7)]


def test_loop_thread_cancels_tasks_and_waits_for_cleanup() -> None:
    cleaned = threading.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            cleaned.set()

    with LoopThread("loop") as loop:
        future = loop.submit(work())
        loop.submit(thread_name()).result(10)  # the work has begun
    assert cleaned.is_set()
    with pytest.raises(CancelledError):
        future.result(10)


def test_loop_thread_reports_failures() -> None:
    failures: list[BaseException] = []
    with LoopThread("loop", failures.append) as loop, pytest.raises(ValueError, match="no"):
        loop.submit(failing()).result(10)
    assert [str(failure) for failure in failures] == ["no"]


def test_work_cancelled_before_it_starts_leaves_no_coroutine() -> None:
    with LoopThread("loop") as loop:
        held = threading.Event()
        loop.call(held.wait)
        loop.call(lambda: loop._stop.set())
        future = loop.submit(thread_name())
        held.set()
    gc.collect()  # a coroutine that was never awaited would warn, and warnings are errors
    with pytest.raises(CancelledError):
        future.result(10)


def test_closed_loop_thread_refuses_work() -> None:
    with LoopThread("loop") as loop:
        loop.close()
        loop.close()
    with pytest.raises(RuntimeError, match="does not run"):
        loop.submit(thread_name())
    loop.call(print)


def test_refused_event_loop_raises_the_error_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> asyncio.AbstractEventLoop:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr("asyncio.events.new_event_loop", refuse)
    with pytest.raises(OSError, match=os.strerror(errno.EMFILE)), LoopThread("loop"):
        pass
