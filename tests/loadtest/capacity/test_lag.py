"""Cost of a step of load while workers start."""

from loadtest.capacity.lag import lag_cost
from loadtest.capacity.scaling import Autoscaler
from loadtest.capacity.simulation import Chain, WorkerTimes
from loadtest.capacity.speech import Speakers

SLOW = WorkerTimes(rtf=0.2)


def test_longer_starts_cost_longer_waits() -> None:
    quick, slow = (
        lag_cost(Speakers(10, 0.0), 20, SLOW, Chain(), Autoscaler(start_s=start_s)) for start_s in (15.0, 180.0)
    )
    assert quick.workers == slow.workers == 3
    assert quick.last_workers > quick.workers
    assert slow.p95_ms > quick.p95_ms > quick.usual_p95_ms
    assert slow.over_s > quick.over_s > 0
    assert slow.longest_ms >= slow.p95_ms >= slow.p50_ms
    assert 0 < quick.idle_share < 1


def test_step_costs_nothing_where_workers_have_room() -> None:
    scaling = Autoscaler(least=12, start_s=180.0)
    found = lag_cost(Speakers(10, 0.0), 20, SLOW, Chain(), scaling)
    assert found.over_s == 0.0 and found.most_workers == 12
