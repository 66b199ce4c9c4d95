import asyncio
import contextlib

import pytest

from runtime.tasks import OneTask, Signal, TaskOwner, Tasks, close_on_error, complete, holds_within, is_set_within
from tests.helpers.logs import capture_logs


async def forever(ended: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("ended")


async def fail() -> None:
    raise ValueError("on purpose")


async def test_tasks_end_with_their_owner() -> None:
    ended: list[str] = []
    async with Tasks("owner") as tasks:
        task = tasks.start(forever(ended), "waits")
        assert task.get_name() == "owner/waits"
        await asyncio.sleep(0)
    assert ended == ["ended"] and task.cancelled()


async def test_task_failure_is_logged_and_reported_to_the_owner() -> None:
    with capture_logs() as logs:
        async with Tasks("owner") as tasks:
            tasks.start(fail(), "fails")
            async with asyncio.timeout(5):
                error = await tasks.failed
    assert isinstance(error, ValueError)
    assert [(line["event"], line["task"]) for line in logs] == [("task.failed", "owner/fails")]


async def test_expected_failure_is_reported_to_the_owner_only() -> None:
    with capture_logs() as logs:
        async with Tasks("owner", expected=ValueError) as tasks:
            tasks.start(fail(), "fails")
            async with asyncio.timeout(5):
                error = await tasks.failed
    assert isinstance(error, ValueError) and logs == []


async def test_kept_task_runs_again_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work runs until it returns. Its failures are logged, and do not reach the owner."""
    monkeypatch.setattr("runtime.tasks._PAUSES_S", (0.0,))
    runs = list[int]()

    async def fails_twice() -> None:
        runs.append(len(runs))
        if len(runs) < 3:
            raise ValueError("on purpose")

    with capture_logs() as logs:
        async with Tasks("owner") as tasks, asyncio.timeout(30):
            await tasks.keep(fails_twice, "lasts")
            assert runs == [0, 1, 2] and not tasks.failed.done()
            one = OneTask(tasks, "one")
            one.keep(fails_twice)
            one.stop()
    assert [(line["event"], line["task"]) for line in logs] == [("task.failed", "owner/lasts")] * 2


async def test_kept_task_ends_with_its_owner() -> None:
    ended: list[str] = []
    async with Tasks("owner") as tasks:
        task = tasks.keep(lambda: forever(ended), "lasts")
        await asyncio.sleep(0)
    assert ended == ["ended"] and task.cancelled()


async def test_close_waits_for_slow_tasks_and_may_be_repeated() -> None:
    tasks = Tasks("owner")
    steps: list[str] = []

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            steps.append("tidied")

    tasks.start(stubborn(), "stubborn")
    await asyncio.sleep(0)
    await tasks.close()
    await tasks.close()
    assert steps == ["tidied"]


async def test_close_waits_for_slow_tasks_although_its_caller_is_cancelled_repeatedly() -> None:
    tasks, finish, steps = Tasks("owner"), asyncio.Event(), list[str]()

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await complete(finish.wait())
            steps.append("tidied")

    tasks.start(slow(), "slow")
    await asyncio.sleep(0)
    closing = asyncio.create_task(tasks.close())
    for _ in range(3):
        await asyncio.sleep(0)
        closing.cancel()
    await asyncio.sleep(0)
    assert not closing.done() and not steps
    finish.set()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert steps == ["tidied"]


async def test_task_can_close_the_owner_that_it_belongs_to() -> None:
    tasks, ended = Tasks("owner"), list[str]()

    async def close() -> None:
        await tasks.close()
        ended.append("closed")

    tasks.start(forever(ended), "other")
    await asyncio.sleep(0)
    await tasks.start(close(), "close")
    assert ended == ["ended", "closed"]


async def test_task_cannot_start_outside_a_loop() -> None:
    coroutine = fail()
    with pytest.raises(RuntimeError):
        await asyncio.to_thread(lambda: Tasks("owner").start(coroutine, "x"))
    coroutine.close()


async def test_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    tasks = Tasks("owner")

    async def deaf_once() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = tasks.start(deaf_once(), "deaf")
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await tasks.close()
    assert task.cancelled()


async def test_event_is_awaited_until_it_is_set_or_its_deadline() -> None:
    event = asyncio.Event()
    assert not await is_set_within(event, 0.0)
    asyncio.get_running_loop().call_soon(event.set)
    assert await is_set_within(event, None)
    assert await is_set_within(event, 0.0), "an event that is set needs no wait"


async def test_predicate_is_checked_again_after_news_until_its_deadline() -> None:
    news, seen = asyncio.Event(), list[int]()

    def notify() -> None:
        seen.append(len(seen))
        news.set()
        if len(seen) < 3:
            asyncio.get_running_loop().call_soon(notify)

    asyncio.get_running_loop().call_soon(notify)
    assert await holds_within(lambda: len(seen) == 3, news, 30.0)
    assert not await holds_within(lambda: len(seen) > 3, news, 0.0)


async def test_signal_wakes_its_waiter_each_time_that_it_is_set() -> None:
    signal = Signal()
    for _ in range(2):
        waiter = signal.wait()
        await asyncio.sleep(0)
        assert not waiter.done() and not signal.is_set()
        signal.set()
        signal.set()
        assert signal.is_set()
        await waiter
        await signal.wait()
        signal.clear()


async def test_signal_forgets_a_waiter_that_was_cancelled() -> None:
    signal = Signal()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await signal.wait()
    signal.set()
    await signal.wait()


async def test_task_that_runs_already_is_not_started_again() -> None:
    begun: list[str] = []
    async with Tasks("owner") as tasks:
        one = OneTask(tasks, "waits")
        one.stop()
        one.start(lambda: forever(begun))
        one.start(lambda: forever(begun))
        await asyncio.sleep(0)
        assert begun == []
        one.stop()
        one.start(lambda: forever(begun))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert begun == ["ended"], "another task runs instead of the stopped one"
    assert begun == ["ended"] * 2


async def test_task_owner_cancels_its_tasks_when_closed() -> None:
    ended: list[str] = []

    class Owner(TaskOwner):
        def __init__(self) -> None:
            self._tasks = Tasks("owner")
            self._tasks.start(forever(ended), "waits")

    async with Owner():
        await asyncio.sleep(0)
    assert ended == ["ended"]


async def test_context_closes_only_after_an_error() -> None:
    closed: list[str] = []

    async def close() -> None:
        closed.append("closed")

    async with close_on_error(close):
        pass
    assert not closed
    with pytest.raises(ValueError, match="on purpose"):
        async with close_on_error(close):
            await fail()
    assert closed == ["closed"]


async def test_short_work_is_completed_although_its_caller_is_cancelled_repeatedly() -> None:
    finish, done = asyncio.Event(), list[int]()

    async def work() -> int:
        await finish.wait()
        done.append(1)
        return 1

    caller = asyncio.create_task(complete(work()))
    for _ in range(3):
        await asyncio.sleep(0)
        caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()
    finish.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert done == [1] and await complete(work()) == 1
