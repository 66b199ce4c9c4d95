import asyncio
import threading
from concurrent.futures import CancelledError

import pytest

from runtime.loop_thread import LoopThread
from tests.helpers.waiting import wait_until_sync


async def where() -> str:
    return threading.current_thread().name


async def failing() -> None:
    raise ValueError("no")


def test_coroutines_run_in_its_thread() -> None:
    with LoopThread("loop") as loop:
        assert loop.submit(where()).result(10) == "loop"
    assert "loop" not in {thread.name for thread in threading.enumerate()}


def test_functions_are_called_there_too() -> None:
    called: list[tuple[str, int]] = []
    with LoopThread("loop") as loop:
        loop.call(lambda number: called.append((threading.current_thread().name, number)), 7)
        wait_until_sync(lambda: called, "it was called")
    assert called == [("loop", 7)]


def test_leaving_cancels_what_runs_and_lets_it_clean_up() -> None:
    cleaned = threading.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            cleaned.set()

    with LoopThread("loop") as loop:
        future = loop.submit(work())
        loop.submit(where()).result(10)  # the work has begun
    assert cleaned.is_set()
    with pytest.raises(CancelledError):
        future.result(10)


def test_a_failure_is_told() -> None:
    failures: list[BaseException] = []
    with LoopThread("loop", failures.append) as loop, pytest.raises(ValueError, match="no"):
        loop.submit(failing()).result(10)
    assert [str(failure) for failure in failures] == ["no"]


def test_after_its_end_nothing_is_taken() -> None:
    with LoopThread("loop") as loop:
        loop.close()
        loop.close()
    with pytest.raises(RuntimeError, match="does not run"):
        loop.submit(where())
    loop.call(print)
