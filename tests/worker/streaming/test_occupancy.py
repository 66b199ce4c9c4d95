"""Share of time in which the engine of a streaming worker is busy."""

import pytest

from worker.streaming.occupancy import Occupancy


@pytest.mark.parametrize(("busy_s", "full"), [(0.05, False), (0.07, False), (0.09, True), (0.1, True)])
def test_worker_is_full_when_its_engine_hardly_rests(busy_s: float, full: bool) -> None:
    occupancy = Occupancy()
    for call in range(300):
        occupancy.add_call(call * 0.1, call * 0.1 + busy_s)
    assert occupancy.is_full(30.0) is full
    assert occupancy.share == pytest.approx(busy_s / 0.1, abs=0.02)


def test_long_call_does_not_fill_a_worker_and_rest_empties_it() -> None:
    occupancy = Occupancy()
    occupancy.add_call(0.0, 1.0)
    assert not occupancy.is_full(1.0)
    occupancy.add_call(1.0, 60.0)
    assert occupancy.is_full(60.0) and not occupancy.is_full(65.0)
