"""The sound thread: one thread for all calls, and a deadline for each."""

import asyncio
import threading

import pytest

from app.capture.sound_thread import SoundHangs, SoundThread
from tests.helpers.waiting import wait_until


async def test_all_calls_run_in_one_daemon_thread() -> None:
    thread = SoundThread()
    names = await asyncio.gather(*[thread.ask(threading.current_thread) for _ in range(20)])
    assert len(set(names)) == 1
    assert names[0] is not threading.current_thread()
    assert names[0].daemon


async def test_error_is_raised_in_the_caller() -> None:
    thread = SoundThread()
    with pytest.raises(ZeroDivisionError):
        await thread.ask(lambda: 1 // 0)
    assert await thread.ask(lambda: 1) == 1


async def test_hanging_call_fails_at_the_deadline_and_its_late_result_is_undone() -> None:
    """The next call waits for the thread, and has a deadline too."""
    thread, release, undone = SoundThread(0.05), threading.Event(), list[str]()

    def slow() -> str:
        release.wait(60)
        return "late"

    with pytest.raises(SoundHangs, match="does not answer"):
        await thread.ask(slow, undone.append)
    with pytest.raises(SoundHangs):
        await thread.ask(lambda: None)
    release.set()
    await wait_until(lambda: undone == ["late"], "the late result is undone")


async def test_result_is_undone_when_the_caller_is_cancelled() -> None:
    thread, started, release, undone = SoundThread(), threading.Event(), threading.Event(), list[int]()

    def slow() -> int:
        started.set()
        release.wait(60)
        return 7

    asking = asyncio.create_task(thread.ask(slow, undone.append))
    await wait_until(started.is_set, "the call is made")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    release.set()
    await wait_until(lambda: undone == [7], "it is undone")
