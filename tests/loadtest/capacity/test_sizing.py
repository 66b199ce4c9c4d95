"""Sizes of a fleet."""

from math import ceil

import pytest

from loadtest.capacity.simulation import WorkerTimes
from loadtest.capacity.sizing import UnitCosts, size, with_changes
from loadtest.core.errors import LoadTestError

TEN = WorkerTimes(rtf=0.1)


def test_size_multiplies_the_unit_costs() -> None:
    costs = UnitCosts(gateway_cpu=1.0, shard_cpu=2.0, connections=2_000, frame_bytes=100, history_per_s=100.0)
    found = size(10_000, 0.5, 0.5, TEN, costs)
    assert found.workers == 5_000 / (10 * 0.5)
    assert found.gateways == 5, "connections, not CPU"
    assert found.shards == ceil(5_000 * 2 / 3600 / 0.5)
    assert found.segments_per_s == pytest.approx(5_000 / 3.5, rel=0.001)
    assert found.databases == ceil(5_000 / 3.5 / 50)
    assert found.client_gbit_per_s == pytest.approx(5_000 * 33_000 * 8 / 1e9)
    assert found.broker_gbit_per_s == pytest.approx(3 * 5_000 * 32_000 * 8 / 1e9)
    assert found.per_hour is None
    limits = [(one.part, one.speakers) for one in found.limits]
    assert limits[:4] == [("worker", 10), ("history database", 350), ("shard", 1_800), ("gateway", 2_000)]


def test_gateways_are_bound_by_cpu_if_people_speak_much() -> None:
    costs = UnitCosts(gateway_cpu=3.6, connections=100_000)
    assert size(10_000, 1.0, 0.5, TEN, costs).gateways == 20


def test_partials_need_workers_and_bandwidth_but_no_disk() -> None:
    plain, extra = (size(1_000, 1.0, 0.0, TEN, UnitCosts(extra_audio=more)) for more in (0.0, 2.0))
    assert extra.workers == 3 * plain.workers
    assert extra.broker_gbit_per_s == pytest.approx(plain.broker_gbit_per_s * (2 * 3 + 1) / 3)
    assert extra.journal_mb_per_s == plain.journal_mb_per_s


def test_price_is_that_of_workers_cores_and_traffic() -> None:
    costs = UnitCosts(replicas=1, worker_price=2.0, core_price=10.0, gigabyte_price=0.01)
    found = size(1_000, 1.0, 0.0, TEN, costs)
    traffic = found.client_gbit_per_s / 8 * 3600
    assert found.per_hour == pytest.approx(100 * 2 + 10 * (1 + 2) + traffic * 0.01, rel=0.01)
    assert found.per_spoken_hour == pytest.approx((found.per_hour or 0) / 1_000)


def test_limits_are_ordered_and_name_every_part() -> None:
    limits = size(1_000, 0.745, 0.3, WorkerTimes(0.007, 16, 0.22), UnitCosts()).limits
    assert [one.part for one in limits] == ["worker", "gateway", "shard", "history database", "list of workers"]
    slow = size(1_000, 0.745, 0.3, WorkerTimes(1.0), UnitCosts()).limits
    assert [one.part for one in slow][:3] == ["worker", "gateway", "list of workers"]
    assert limits[0].speakers == int(WorkerTimes(0.007, 16, 0.22).speed * 0.7 / 0.745)


def test_status_reads_grow_with_the_square_of_the_workers() -> None:
    small, large = (size(speakers, 1.0, 0.3, TEN, UnitCosts()).status_share for speakers in (10_000, 100_000))
    assert large == pytest.approx(small * 100, rel=0.05)


def test_assumptions_are_replaced_by_name() -> None:
    costs = with_changes(UnitCosts(), ["gateway_cpu=0.8", "connections=4000"])
    assert (costs.gateway_cpu, costs.connections, costs.shard_cpu) == (0.8, 4_000, 1.46)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("gpu=1", "unknown assumption 'gpu': choose one of gateway_cpu"),
        ("gateway_cpu=much", "gateway_cpu=much"),
        ("gateway_cpu=0", "above 0"),
        ("worker_price=-1", "not below 0"),
        ("worker_price=inf", "a finite number"),
    ],
)
def test_invalid_assumptions_are_refused(change: str, complaint: str) -> None:
    with pytest.raises(LoadTestError, match=complaint):
        with_changes(UnitCosts(), [change])
