"""Test the decisions of the simulated autoscaler, and that it reads the chart's own formula."""

import copy
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.autoscaler import (
    Direction,
    HorizontalPodAutoscaler,
    Policy,
    Sample,
    Scaler,
    ScalerUnreadable,
    read_query,
    read_scaler,
)
from tests.kubernetes.rendering import named

HELD = 'sum(held{service="speech-gateway",class=~"interactive|bulk",model=~"any|one"})'
QUERY = 'sum(max by (class, model) (backlog{service="speech-gateway",class=~"interactive|bulk",model=~"any|one"}))'
LABELS = {"service": "speech-gateway", "class": "interactive", "model": "any"}


def sample(value: float, **labels: str) -> Sample:
    return Sample("backlog", LABELS | labels, value)


def scaler(
    threshold: float = 6.0,
    least: int = 1,
    most: int = 40,
    up: Direction | None = None,
    down: Direction | None = None,
) -> Scaler:
    free = Direction(0, (Policy(percent=False, value=100, period_s=15),))
    return Scaler(read_query(QUERY), threshold, least, most, 15, up or free, down or free)


def test_same_backlog_of_two_gateways_counts_once_and_queues_add_up() -> None:
    samples = [
        sample(9.0, pod="a"),
        sample(10.0, pod="b"),
        sample(4.0, **{"class": "bulk"}),
        sample(2.5, model="one"),
        sample(99.0, model="another"),
        sample(99.0, service="another"),
        Sample("something", LABELS, 99.0),
    ]
    assert read_query(QUERY).value(samples) == 16.5


def test_audio_held_in_each_gateway_adds_up() -> None:
    held = [Sample("held", LABELS | {"pod": pod}, 2.0) for pod in ("a", "b")]
    broker = [sample(9.0, pod="a"), sample(9.0, pod="b")]
    assert read_query(f"{QUERY} + {HELD}").value([*broker, *held]) == 13.0
    assert read_query(f"{QUERY} + {HELD}").value(broker) is None


def test_no_series_is_no_value() -> None:
    assert read_query(QUERY).value([sample(1.0, model="another")]) is None


@pytest.mark.parametrize(
    "text",
    [
        "sum(backlog)",
        QUERY + " / 2",
        QUERY.replace('="speech', '!="speech'),
        QUERY.replace("max by", "avg by"),
        HELD[:-1],
        f"{QUERY})",
    ],
)
def test_query_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ScalerUnreadable):
        read_query(text)


def test_chart_is_read_with_all_its_figures() -> None:
    read = read_scaler(named("cluster", "ScaledObject", "speech-worker-cpu"))
    assert (read.threshold, read.least, read.most, read.sync_s) == (6.0, 2, 40, 15.0)
    assert read.down == Direction(300, (Policy(percent=True, value=50, period_s=60),))
    assert [policy.percent for policy in read.up.policies] == [False, True]
    labels = LABELS | {"namespace": "dictation"}
    names = ("kikipounamu_backlog_audio_seconds", "kikipounamu_held_audio_seconds")
    assert read.query.value([Sample(name, labels, 3.0) for name in names]) == 6.0
    assert read.faster(10).sync_s == 1.5 and read.faster(10).down.policies[0].period_s == 6


@pytest.mark.parametrize("change", ["triggers", "metricType", "behavior"])
def test_scaler_of_another_form_is_refused(change: str) -> None:
    manifest = copy.deepcopy(named("cluster", "ScaledObject", "speech-worker-cpu"))
    spec = manifest["spec"]
    if change == "triggers":
        spec["triggers"] *= 2
    elif change == "metricType":
        spec["triggers"][0]["metricType"] = "Value"
    else:
        del spec["advanced"]
    with pytest.raises(ScalerUnreadable):
        read_scaler(manifest)


@pytest.mark.parametrize(
    ("pods", "backlog", "wanted"),
    [
        (1, 0.0, 1),
        (1, 6.5, 1),
        (1, 7.0, 2),
        (4, 22.0, 4),
        (4, 21.0, 4),
        (4, 20.0, 4),
        (4, 12.0, 2),
        (2, 900.0, 40),
    ],
)
def test_backlog_is_divided_and_rounded_up_beyond_a_tolerance(pods: int, backlog: float, wanted: int) -> None:
    assert HorizontalPodAutoscaler(scaler()).decide(0.0, pods, backlog) == wanted


def test_without_figures_the_number_stays() -> None:
    assert HorizontalPodAutoscaler(scaler()).decide(0.0, 7, None) == 7


def test_rise_is_limited_by_the_larger_policy_in_each_period() -> None:
    up = Direction(0, (Policy(percent=False, value=4, period_s=15), Policy(percent=True, value=100, period_s=15)))
    one, pods = HorizontalPodAutoscaler(scaler(up=up)), 1
    steps = []
    for turn in range(4):
        pods = one.decide(turn * 15.0, pods, 600.0)
        steps.append(pods)
    assert steps == [5, 10, 20, 40]


def test_second_rise_within_a_period_counts_from_its_beginning() -> None:
    up = Direction(0, (Policy(percent=False, value=4, period_s=60),))
    one = HorizontalPodAutoscaler(scaler(up=up))
    assert one.decide(0.0, 1, 18.0) == 3
    assert one.decide(15.0, 3, 600.0) == 5
    assert one.decide(30.0, 5, 600.0) == 5
    assert one.decide(61.0, 5, 600.0) == 7


def test_fall_waits_for_the_window_and_halves() -> None:
    down = Direction(60, (Policy(percent=True, value=50, period_s=60),))
    one, pods = HorizontalPodAutoscaler(scaler(down=down)), 8
    one.decide(0.0, pods, 48.0)
    numbers = []
    for turn in range(1, 13):
        pods = one.decide(turn * 15.0, pods, 0.0)
        numbers.append(pods)
    assert numbers == [8, 8, 8, 4, 4, 4, 4, 2, 2, 2, 2, 1]


@given(st.lists(st.floats(0, 1e4), max_size=60), st.integers(1, 5), st.integers(5, 50))
def test_number_stays_within_bounds_and_settles_at_the_formula(
    backlogs: list[float], least: int, most: int
) -> None:
    up = Direction(0, (Policy(percent=True, value=100, period_s=15),))
    down = Direction(120, (Policy(percent=True, value=50, period_s=60),))
    one, pods = HorizontalPodAutoscaler(scaler(least=least, most=most, up=up, down=down)), least
    times = itertools.count(0.0, 15.0)
    for backlog in backlogs:
        pods = one.decide(next(times), pods, backlog)
        assert least <= pods <= most
    for _ in range(40):
        pods = one.decide(next(times), pods, 60.0)
    assert pods == min(max(10, least), most) or abs(60 / (6 * pods) - 1) <= 0.1
