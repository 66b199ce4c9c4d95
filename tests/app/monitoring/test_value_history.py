"""Ten minutes of a value in a ring: kept values, dropped values and gaps."""

from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.monitoring.value_history import STEP_S, STEPS, Trace
from app.monitoring.view import SPAN_S, Curve


def traced(*told: tuple[float, float]) -> Trace:
    """Return a trace of (time, value) pairs."""
    trace = Trace()
    for now, value in told:
        trace.put(value, now)
    return trace


def known(curve: Curve) -> list[float]:
    return [value for value in curve.values if not isnan(value)]


def test_empty_trace_has_empty_curve() -> None:
    assert Trace().curve(5.0) == Curve()


def test_curve_ends_with_newest_value() -> None:
    curve = traced((0.0, 1.0), (2.0, 2.0), (4.0, 3.0)).curve(4.5)
    assert len(curve.values) == STEPS
    assert (curve.values[-3:], curve.now) == ((1.0, 2.0, 3.0), 3.0)
    assert len(known(curve)) == 3


def test_trace_keeps_peak_within_step() -> None:
    curve = traced((0.0, 1.0), (0.5, 9.0), (1.5, 2.0)).curve(1.9)
    assert (curve.values[-1], curve.now) == (9.0, 2.0)


def test_short_delay_leaves_no_gap() -> None:
    curve = traced((0.0, 1.0), (3 * STEP_S, 2.0)).curve(3 * STEP_S)
    assert curve.values[-4:] == (1.0, 1.0, 1.0, 2.0)


def test_long_delay_leaves_gap() -> None:
    curve = traced((0.0, 1.0), (10 * STEP_S, 2.0)).curve(10 * STEP_S)
    assert known(curve) == [1.0, 2.0]
    assert curve.values[-11] == 1.0


def test_last_value_expires_after_a_few_steps() -> None:
    trace = traced((0.0, 1.0))
    assert trace.curve(3 * STEP_S).now == 1.0
    later = trace.curve(10 * STEP_S)
    assert later.now is None and later.values[-11] == 1.0 and isnan(later.values[-1])
    assert trace.curve(SPAN_S + STEP_S) == Curve()


def test_long_pause_clears_old_values() -> None:
    curve = traced((0.0, 1.0), (3 * SPAN_S, 2.0)).curve(3 * SPAN_S)
    assert known(curve) == [2.0]


@pytest.mark.parametrize("seconds", [1, 599, 600, 601, 5_000])
def test_trace_has_fixed_size(seconds: int) -> None:
    trace = traced(*((float(second), float(second)) for second in range(seconds)))
    curve = trace.curve(seconds - 1)
    assert len(curve.values) == STEPS
    assert curve.values[-1] == seconds - 1
    assert len(known(curve)) == min(STEPS, (seconds + 1) // 2)


@given(st.lists(st.tuples(st.floats(0, 900), st.floats(0, 1e9)), max_size=40), st.floats(0, 900))
def test_values_appear_at_their_times(told: list[tuple[float, float]], after: float) -> None:
    told = sorted(told, key=lambda pair: pair[0])
    now = (told[-1][0] if told else 0.0) + after
    curve = traced(*told).curve(now)
    highest: dict[int, float] = {}
    for at, value in told:
        highest[int(at / STEP_S)] = max(highest.get(int(at / STEP_S), value), value)
    newest = int(now / STEP_S)
    for step, value in highest.items():
        if newest - step < STEPS:
            assert curve.values[STEPS - 1 - (newest - step)] == value
    assert all(value in {pair[1] for pair in told} for value in known(curve))


def test_nan_means_unknown() -> None:
    assert isnan(nan) and known(Curve((nan,))) == []
