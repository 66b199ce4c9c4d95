"""Figures computed from a run."""

import pytest

from loadtest.measurement.figures import ResourceUse, distribution, figures, moments, percentile, percentiles
from loadtest.measurement.processes import GATEWAY, LOAD_MAKER, ProcessUsage
from loadtest.measurement.tally import Tally
from tests.loadtest.measurement.test_tally import ended


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([3.0], 0.99, 3.0), ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0), (list(range(1, 101)), 0.95, 95.0)],
)
def test_percentile_is_the_nearest_rank(values: list[float], share: float, expected: float | None) -> None:
    assert percentile(values, share) == expected
    assert percentiles(values).most == (max(values) if values else None)


def test_figures_of_a_flawless_run() -> None:
    tally = Tally(segments=2, right=2, samples=64_000, ended=[ended(1.0, 10.0), ended(2.0, 20.0, whole=False)])
    found = figures(tally, 2.0, (), (0.0, 9.0))
    assert found.flawless and found.errors == 0
    assert (found.audio_s, found.aggregate_audio_per_wall) == (4.0, 2.0)
    assert (found.final_after_stop_ms_p50, found.final_after_stop_ms_p99) == (10.0, 20.0)
    assert found.added_ms.most == 5.0, "what waited for a connection is not the chain's"
    assert found.load_maker_percent is None


@pytest.mark.parametrize(
    "tally",
    [
        Tally(),
        Tally(segments=1),
        Tally(segments=1, failed=1),
        Tally(segments=1, right=1, twice=1),
        Tally(segments=1, right=1, lost_sessions=1),
        Tally(segments=1, right=1, early=1),
    ],
)
def test_figures_with_any_fault_are_not_flawless(tally: Tally) -> None:
    assert not figures(tally, 1.0, (), (0.0, 9.0)).flawless


def test_cpu_figures_cover_the_time_of_full_load() -> None:
    usages = [
        ProcessUsage(at_s, {LOAD_MAKER: maker, GATEWAY: 10.0}, {LOAD_MAKER: memory}, 2, {LOAD_MAKER: maker / 2})
        for at_s, maker, memory in ((1.0, 90.0, 1.0), (2.0, 20.0, 2.0), (3.0, 40.0, 3.0), (4.0, 90.0, 4.0))
    ]
    found = figures(Tally(), 4.0, usages, (1.0, 3.0))
    assert found.used == {LOAD_MAKER: ResourceUse(30.0, 40.0, 3.0), GATEWAY: ResourceUse(10.0, 10.0, 0.0)}
    assert (found.load_maker_percent, found.load_maker_core_percent) == (15.0, 15.0)
    assert figures(Tally(), 4.0, usages, (8.0, 9.0)).used[LOAD_MAKER].cpu_most == 90.0, "too short: all of it"


@pytest.mark.parametrize(
    ("cpu", "cores", "busiest", "strained"),
    [(75.0, 16, 75.0, False), (85.0, 16, 85.0, True), (85.0, 16, 45.0, False), (85.0, 2, 45.0, True)],
)
def test_busy_load_maker_is_marked_as_strained(cpu: float, cores: int, busiest: float, strained: bool) -> None:
    usage = ProcessUsage(1.0, {LOAD_MAKER: cpu}, {}, cores, {LOAD_MAKER: busiest})
    assert figures(Tally(), 4.0, [usage], (0.0, 9.0)).strained is strained
    assert not figures(Tally(), 4.0, [], (0.0, 9.0)).strained


@pytest.mark.parametrize(("late_ms", "late"), [([], False), ([49.0], False), ([51.0], True)])
def test_load_maker_that_sent_late_is_marked_as_late(late_ms: list[float], late: bool) -> None:
    assert figures(Tally(late_ms=late_ms), 4.0, [], (0.0, 9.0)).late is late


def test_moments_are_few_and_complete() -> None:
    tally = Tally(ended=[ended(at_s) for at_s in (0.5, 1.5, 999.0)], refused_at={1: 3, 1_005: 2})
    for took_s in (10.0, 1_000.0):
        found = moments(tally, took_s)
        step = found[0].at_s
        assert sum(moment.finals_per_s for moment in found) * step == pytest.approx(3, abs=0.2)
        assert sum(moment.refusals_per_s for moment in found) * step == pytest.approx(5, abs=0.2)
    assert len(moments(tally, 1_000.0)) <= 120
    assert moments(Tally(), 1_000.0) == ()


def test_distribution_counts_every_value() -> None:
    values = [0.2, 1.0, 1.1, 9.0, 10.0, 5_000.0]
    bins = distribution(values)
    assert sum(one.count for one in bins) == len(values)
    assert [one.count for one in bins if one.at_most_ms in (1.0, 10.0)] == [2, 2]
    assert bins[-1].at_most_ms >= 5_000
    assert distribution([]) == ()
