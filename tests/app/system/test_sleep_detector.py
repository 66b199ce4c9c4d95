"""Tests that the clocks reveal every sleep and nothing else."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.system.sleep_detector import (
    LEAST_GUESSED_S,
    LEAST_S,
    ClockReadings,
    Patience,
    SleepDetector,
    SleepWatcher,
    times,
)
from runtime.tasks import Tasks
from tests.helpers.waiting import wait_until

BEGIN = ClockReadings(100.0, 5_000.0)


def later(before: ClockReadings, awake_s: float, asleep_s: float = 0.0) -> ClockReadings:
    return replace(before, awake_s=before.awake_s + awake_s, always_s=before.always_s + awake_s + asleep_s)


def test_sleep_is_reported_once() -> None:
    sleeps = SleepDetector(BEGIN)
    awake = later(BEGIN, 1.0)
    assert sleeps.slept(awake) == 0.0
    woken = later(awake, 1.0, 3_600.0)
    assert sleeps.slept(woken) == pytest.approx(3_600.0)
    assert sleeps.slept(later(woken, 1.0)) == 0.0


@given(some.floats(0.0, 10_000.0))
def test_late_check_is_not_a_sleep_with_exact_clocks(late_s: float) -> None:
    assert SleepDetector(BEGIN).slept(later(BEGIN, late_s)) == 0.0


@given(some.floats(LEAST_S + 0.01, 1e6), some.floats(0.0, 100.0))
def test_sleep_of_any_length_above_threshold_is_detected(asleep_s: float, awake_s: float) -> None:
    assert SleepDetector(BEGIN).slept(later(BEGIN, awake_s, asleep_s)) == pytest.approx(asleep_s)


def test_sleep_is_guessed_from_wall_clock_or_late_check() -> None:
    begin = replace(BEGIN, guessed=True)
    assert SleepDetector(begin).slept(later(begin, 1.0, 3_600.0)) == pytest.approx(3_600.0)
    assert SleepDetector(begin).slept(later(begin, 3_600.0)) == pytest.approx(3_599.0)
    assert SleepDetector(begin).slept(later(begin, LEAST_GUESSED_S)) == 0.0, "it was busy"
    assert SleepDetector(begin).slept(later(begin, 1.0, -3_600.0)) == 0.0, "the clock was set back"


async def test_watcher_reports_a_sleep() -> None:
    now = [times()]
    received: list[float] = []
    async with Tasks("test") as tasks:
        tasks.start(SleepWatcher(received.append, lambda: now[0], 0.01).watch(), "watch")
        await asyncio.sleep(0)
        now[0] = later(now[0], 0.0, 60.0)
        await wait_until(lambda: received, "it is reported")
    assert [round(seconds) for seconds in received] == [60]


async def test_present_pauses_are_ended_and_later_ones_are_not() -> None:
    patience = Patience()
    over: list[int] = []

    async def wait(number: int) -> None:
        await patience.pause(1e6)
        over.append(number)

    async with Tasks("test") as tasks:
        tasks.start(wait(1), "one")
        tasks.start(wait(2), "two")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        patience.end_pauses()
        await wait_until(lambda: len(over) == 2, "both go on")
        tasks.start(wait(3), "three")
        await patience.pause(0.0)
    assert sorted(over) == [1, 2]
