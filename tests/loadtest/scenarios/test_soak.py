"""Soak: people come and go, and memory that grows is noticed."""

import random
import time

import pytest

from client.connection import Locate
from loadtest.measurement.figures import figures
from loadtest.measurement.processes import BROKER, GATEWAY, WORKERS, ProcessUsage
from loadtest.measurement.tally import Tally, TallyRecorder
from loadtest.scenarios.soak import Soak, grows, judge, run_soak

CHANCE = random.Random(1)
MINUTE = 60.0


def usages(mb_per_hour: float, program: str = GATEWAY, minutes: int = 60) -> list[ProcessUsage]:
    """Return noisy samples of a program, once a minute."""
    return [
        ProcessUsage(at * MINUTE, {}, {program: 100.0 + mb_per_hour * at / 60 + CHANCE.uniform(-0.5, 0.5)})
        for at in range(minutes)
    ]


async def test_sessions_come_and_go_until_the_time_is_over(locate: Locate) -> None:
    recorder = TallyRecorder(time.monotonic())
    plan = Soak(4, 1.5, ramp_s=0.1, shortest_s=0.2, longest_s=0.4, pace=0.05)
    await run_soak(plan, locate, recorder)
    tally = recorder.tally
    assert tally.flawless and not tally.refusals, tally.complaints
    assert tally.finished == tally.sessions > 4, "a place has several sessions"


@pytest.mark.parametrize(("mb_per_hour", "kept"), [(0.0, True), (-5.0, True), (1.0, True), (8.0, False)])
def test_slope_beyond_noise_and_allowance_breaks_the_promise(mb_per_hour: float, kept: bool) -> None:
    found = grows(GATEWAY, usages(mb_per_hour), 2.0)
    assert found.kept is kept, found
    assert found.values["slope"] == pytest.approx(mb_per_hour, abs=0.7)


def test_run_that_is_too_short_for_a_judgement_says_so() -> None:
    later = ": a longer run would distinguish growth from noise"
    swinging = [ProcessUsage(at * MINUTE, {}, {GATEWAY: 100.0 + at % 2}) for at in range(240)]
    short, long = (grows(GATEWAY, swinging[:minutes], 2.0) for minutes in (10, 240))
    assert short.kept and short.found.endswith(later)
    assert long.kept and later not in long.found
    assert later not in grows(GATEWAY, usages(20.0), 2.0).found


def test_broker_may_keep_some_bytes_of_each_segment() -> None:
    plan = Soak(1, 3600.0, ramp_s=0.0, warm_s=0.0, kept_bytes=1024.0)
    busy = figures(Tally(segments=36_000, right=36_000), 3600.0, (), (0.0, 1.0))
    quiet = figures(Tally(segments=36, right=36), 3600.0, (), (0.0, 1.0))
    growing = usages(20.0, BROKER)
    assert [promise.kept for promise in judge(plan, busy, growing)] == [True, None, True, None]
    assert [promise.kept for promise in judge(plan, quiet, growing)] == [True, None, False, None]


def test_samples_before_the_load_is_steady_do_not_count() -> None:
    plan = Soak(1, 3600.0, ramp_s=0.0, warm_s=600.0)
    fine = figures(Tally(segments=1, right=1), 3600.0, (), (0.0, 1.0))
    rising = [ProcessUsage(at * MINUTE, {}, {WORKERS: min(10.0, at) * 10}) for at in range(60)]
    assert [promise.kept for promise in judge(plan, fine, rising)] == [True, None, None, True]
