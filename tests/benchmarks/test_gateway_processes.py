"""Search for the most streams that gateway processes carry, and a small run of it."""

import os
from itertools import islice

import pytest

from benchmarks.gateway_processes import NoCpuLimits, carried_by, cpu_limited, levels_from, most_carried


def test_levels_grow_from_below_the_estimate() -> None:
    levels = list(islice(levels_from(100.0), 4))
    assert levels[0] < 100 and levels == sorted(set(levels)) and levels[3] > 100


def test_most_carried_is_the_last_before_two_failures() -> None:
    answers = iter([True, False, True, True, False, False])
    assert most_carried(iter([10, 11, 12, 13, 14]), lambda streams: next(answers)) == 12
    assert most_carried(iter([10]), lambda streams: False) == 0


def test_two_processes_with_a_limit_carry_streams() -> None:
    try:
        with cpu_limited(os.getpid(), 1.0):
            pass
    except NoCpuLimits as error:
        pytest.skip(f"needs root, and cgroups that can be written: {error}")
    assert carried_by(2, cores=0.5, segments=1, late_ms=30_000, levels=iter([4, 6])) == 6
