"""Decisions of the autoscaler."""

import pytest

from loadtest.capacity.scaling import Autoscaler

SCALING = Autoscaler(target_s=6.0, least=1, most=30)


@pytest.mark.parametrize(("backlog_s", "workers"), [(0.0, 1), (6.0, 1), (6.1, 2), (60.0, 10), (1e6, 30)])
def test_wanted_workers_are_the_backlog_over_its_target(backlog_s: float, workers: int) -> None:
    assert SCALING.wanted(backlog_s) == workers


@pytest.mark.parametrize(("there", "decided"), [(1, 5), (4, 8), (6, 12), (10, 20), (20, 30)])
def test_fleet_doubles_at_most_or_grows_by_four(there: int, decided: int) -> None:
    assert SCALING.decide(there, 30, (), 1e9) == decided


def test_fleet_shrinks_to_what_was_wanted_lately_and_by_half_at_most() -> None:
    assert SCALING.decide(10, 1, (8, 3), 1e9) == 8
    assert SCALING.decide(10, 1, (2, 3), 1e9) == 5
    assert SCALING.decide(10, 1, (2, 3), 59.0) == 10
    assert SCALING.decide(10, 1, (12,), 1e9) == 10
