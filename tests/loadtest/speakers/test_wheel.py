"""Timer wheel that wakes waiters when due, not before."""

import asyncio

from loadtest.speakers.wheel import TimerWheel
from tests.helpers.waiting import wait_until


class Clock:
    """Clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def test_waiters_wake_at_the_first_tick_after_they_are_due() -> None:
    clock = Clock()
    wheel, woken = TimerWheel(clock, tick_s=1.0), list[float]()

    async def sleep(due: float) -> None:
        await wheel.until(due)
        woken.append(due)

    async with asyncio.TaskGroup() as sleepers:
        for due in (1_003.5, 1_001.2, 1_002.0):
            sleepers.create_task(sleep(due))
        await asyncio.sleep(0)
        for now, expected in ((1_001.9, []), (1_002.0, [1_001.2]), (1_003.1, [1_001.2, 1_002.0])):
            wheel.turn(now)
            await asyncio.sleep(0)
            assert woken == expected
        wheel.turn(1_010.0)


async def test_until_returns_at_once_for_past_times() -> None:
    clock = Clock()
    wheel = TimerWheel(clock, tick_s=1.0)
    wheel.turn(1_005.0)
    await wheel.until(1_003.0)


async def test_lateness_is_the_maximum_since_the_last_call() -> None:
    clock = Clock()
    wheel = TimerWheel(clock, tick_s=1.0)
    wheel.turn(1_001.25)
    wheel.turn(1_002.0)
    assert wheel.lateness() == 0.25
    assert wheel.lateness() == 0.0


async def test_cancelled_waiter_does_not_stop_the_wheel() -> None:
    wheel = TimerWheel()
    running = asyncio.create_task(wheel.run())
    try:
        gone = asyncio.create_task(wheel.until(float(10**9)))
        here = asyncio.create_task(wheel.until(0.0))
        await asyncio.sleep(0)
        gone.cancel()
        await wait_until(here.done, "the other one is woken")
    finally:
        running.cancel()
        await asyncio.gather(running, gone, return_exceptions=True)
