"""Theil-Sen slopes: robust against outliers, with an interval that contains the truth."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.measurement.slopes import theil_sen


def line(slope: float, noise: float, points: int = 200, seed: int = 1) -> list[tuple[float, float]]:
    """Return points around a line."""
    chance = random.Random(seed)
    return [(x / 10, 50 + slope * x / 10 + chance.gauss(0, noise)) for x in range(points)]


@given(st.floats(-5, 5))
def test_slope_of_a_line_is_exact(slope: float) -> None:
    found = theil_sen(line(slope, 0.0))
    assert found is not None
    assert found.slope == pytest.approx(slope, abs=1e-9)
    assert found.low <= found.slope <= found.high
    assert found.median == pytest.approx(50 + slope * 10, abs=5)


def test_interval_contains_zero_about_as_often_as_it_should() -> None:
    flat = [theil_sen(line(0.0, 1.0, seed=seed)) for seed in range(100)]
    assert sum(one is not None and one.low <= 0 <= one.high for one in flat) >= 90


def test_growth_is_reported_from_noise() -> None:
    growing, shrinking = theil_sen(line(1.0, 1.0)), theil_sen(line(-1.0, 1.0))
    assert growing is not None and not growing.within_noise
    assert shrinking is not None and shrinking.within_noise


def test_outliers_do_not_matter() -> None:
    points = [(x, 1_000.0 if x % 10 == 3 else 5.0) for x in map(float, range(60))]
    found = theil_sen(points)
    assert found is not None and found.slope == 0.0


@pytest.mark.parametrize("points", [[], [(1.0, 2.0)] * 7, [(1.0, 2.0)] * 20])
def test_slope_needs_points_at_different_times(points: list[tuple[float, float]]) -> None:
    assert theil_sen(points) is None
