"""Simulation beside the closed forms of queueing theory, and its parts."""

import math
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.capacity.simulation import (
    Autoscaler,
    Chain,
    SimulatedSegment,
    SimulationOutcome,
    WorkerTimes,
    simulate,
)
from loadtest.capacity.speech import EndedSegment
from loadtest.measurement.figures import Percentiles

UNIT = WorkerTimes(rtf=1.0)


def poisson(per_s: float, count: int, audio_s: float = 0.0) -> Iterator[EndedSegment]:
    """Yield Poisson arrivals of segments of this length; 0: of exponential length with mean 1."""
    source, now = random.Random(1), 0.0
    for session in range(count):
        now += source.expovariate(per_s)
        yield EndedSegment(now, session, audio_s or source.expovariate(1.0))


def mean_queue_s(outcome: SimulationOutcome) -> float:
    """Return the mean wait for a worker."""
    return sum(one.queue_s for one in outcome.segments) / len(outcome.segments)


def erlang_c(servers: int, load: float) -> float:
    """Return the probability of having to wait in M/M/c."""
    full = load**servers / math.factorial(servers) * servers / (servers - load)
    return full / (sum(load**busy / math.factorial(busy) for busy in range(servers)) + full)


THOROUGH = pytest.mark.proof(minutes=1)


@pytest.mark.parametrize(
    ("servers", "load"),
    [(4, 3.2), *(pytest.param(*one, marks=THOROUGH) for one in ((1, 0.5), (1, 0.8), (20, 16.0)))],
)
def test_waits_are_those_of_erlang_c(servers: int, load: float) -> None:
    outcome = simulate(poisson(load, 100_000), UNIT, servers)
    waited = sum(one.queue_s > 1e-9 for one in outcome.segments) / len(outcome.segments)
    assert waited == pytest.approx(erlang_c(servers, load), rel=0.05)
    assert mean_queue_s(outcome) == pytest.approx(erlang_c(servers, load) / (servers - load), rel=0.1)
    assert outcome.utilisation == pytest.approx(load / servers, rel=0.02)


@pytest.mark.parametrize("load", [0.5, pytest.param(0.8, marks=THOROUGH)])
def test_waits_are_those_of_pollaczek_and_khinchine_for_equal_segments(load: float) -> None:
    outcome = simulate(poisson(load, 100_000, audio_s=1.0), UNIT, 1)
    assert mean_queue_s(outcome) == pytest.approx(load / (2 * (1 - load)), rel=0.06)


def test_gateways_and_shards_serve_one_segment_after_the_other() -> None:
    together = [EndedSegment(1.0, session, 2.0) for session in range(4)]
    chain = Chain(gateways=2, shards=1, gateway_cpu=0.1, shard_cpu=0.05, added_ms=(7.0,))
    outcome = simulate(together, WorkerTimes(rtf=0.0), 4, chain)
    assert [round(one.wait_s, 3) for one in outcome.segments] == [0.307, 0.407, 0.507, 0.607]


def test_call_with_several_segments_costs_their_share() -> None:
    times = WorkerTimes(rtf=0.1, slots=4, share=0.25, call_s=0.01)
    assert times.decode_s([2.0, 4.0, 4.0]) == pytest.approx(0.01 + 0.1 * (4 + 0.25 * 6))
    outcome = simulate([EndedSegment(0.0, 0, 4.0) for _ in range(5)], times, 1)
    assert [round(one.queue_s, 3) for one in outcome.segments] == [0.0, 0.41, 0.41, 0.41, 0.41]


def test_worker_turns_to_its_next_call_after_the_measured_time() -> None:
    times = WorkerTimes(rtf=1.0, turn_s=0.5)
    outcome = simulate([EndedSegment(0.0, 0, 1.0)] * 2, times, 1)
    assert [one.wait_s for one in outcome.segments] == [1.0, 2.5]
    assert times.speed == pytest.approx(3.5 / 4.0)


@given(
    st.integers(1, 5), st.integers(1, 4), st.lists(st.floats(0.0, 20.0), min_size=1, max_size=40), st.booleans()
)
def test_every_segment_ends_once(workers: int, slots: int, ends: list[float], scaled: bool) -> None:
    segments = [EndedSegment(at_s, number, 1.0) for number, at_s in enumerate(sorted(ends))]
    scaling = Autoscaler(target_s=1.0, every_s=1.0, start_s=2.0, calm_s=3.0) if scaled else None
    outcome = simulate(
        segments, WorkerTimes(0.7, slots, 0.5, turn_s=0.1), workers, Chain(2, 2, 0.01, 0.01), scaling
    )
    assert sorted(one.ended_s for one in outcome.segments) == [one.at_s for one in segments]
    assert all(one.queue_s >= 0 and one.wait_s >= one.decode_s > 0 for one in outcome.segments)


def test_autoscaled_fleet_grows_for_a_backlog_and_shrinks_after_calm() -> None:
    burst = [EndedSegment(1.0, number, 4.0) for number in range(20)]
    later = [EndedSegment(30.0 + 5 * number, number, 4.0) for number in range(40)]
    scaling = Autoscaler(target_s=6.0, every_s=5.0, start_s=5.0, calm_s=20.0)
    outcome = simulate([*burst, *later], WorkerTimes(0.5), 1, scaling=scaling)
    assert max(count for _, count in outcome.workers) == 10, "doubled, from the five that four new ones make"
    assert outcome.workers_at(200.0) == 1
    alone = simulate([*burst, *later], WorkerTimes(0.5), 1)
    assert max(one.wait_s for one in outcome.segments) < max(one.wait_s for one in alone.segments) / 2


SCALING = Autoscaler(target_s=6.0, least=1, most=30)


@pytest.mark.parametrize(("backlog_s", "workers"), [(0.0, 1), (6.0, 1), (6.1, 2), (60.0, 10), (1e6, 30)])
def test_wanted_workers_are_the_backlog_over_its_target(backlog_s: float, workers: int) -> None:
    assert SCALING.workers_for(backlog_s) == workers


@pytest.mark.parametrize(("there", "decided"), [(1, 5), (4, 8), (6, 12), (10, 20), (20, 30)])
def test_fleet_doubles_at_most_or_grows_by_four(there: int, decided: int) -> None:
    assert SCALING.decide(there, 30, (), 1e9) == decided


def test_fleet_shrinks_to_what_was_wanted_lately_and_by_half_at_most() -> None:
    assert SCALING.decide(10, 1, (8, 3), 1e9) == 8
    assert SCALING.decide(10, 1, (2, 3), 1e9) == 5
    assert SCALING.decide(10, 1, (2, 3), 59.0) == 10
    assert SCALING.decide(10, 1, (12,), 1e9) == 10


def test_waits_leave_out_earlier_segments() -> None:
    outcome = SimulationOutcome([SimulatedSegment(at_s, 0.0, 0.0, at_s / 10) for at_s in (1.0, 2.0, 3.0)])
    assert outcome.waits(2.0) == Percentiles(200.0, 300.0, 300.0, 300.0)
