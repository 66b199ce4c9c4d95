"""Answer of the plan for given times."""

import pytest

from loadtest.capacity.calibration import estimated
from loadtest.capacity.forecast import Question, forecast, words
from loadtest.capacity.simulation import WorkerTimes
from loadtest.capacity.sizing import UnitCosts


def test_forecast_sizes_all_and_simulates_some() -> None:
    found = forecast(Question(1_000_000, 0.745, 0.3), estimated(WorkerTimes(0.007, 16, 0.22)), UnitCosts())
    assert (found.sizing.speakers, found.simulated) == (1_000_000, 10_000)
    assert found.waits.p50 and found.waits.p95 and found.waits.p50 < found.waits.p95
    said = words(found)
    assert "1,000,000 speakers" in said and "one shard" in said and "Price" not in said


def test_forecast_simulates_the_asked_lags_and_tells_the_price() -> None:
    asked = Question(20, 0.745, 0.3, lags=(15.0, 60.0))
    found = forecast(asked, estimated(WorkerTimes(0.2)), UnitCosts(worker_price=1.0))
    assert [lag.start_s for lag in found.lags] == [15.0, 60.0]
    assert found.simulated == 20
    assert "a worker starts in 60 s" in words(found)
    assert "Price: 5.00 per hour" in words(found)


def test_waits_without_headroom_are_longer() -> None:
    waits = [
        forecast(Question(200, 0.745, headroom), estimated(WorkerTimes(0.2)), UnitCosts()).waits.p95
        for headroom in (0.5, 0.0)
    ]
    assert waits[0] and waits[1] and waits[1] > waits[0]
    assert waits[0] == pytest.approx(1_200, rel=0.1), "the longest segments, decoded without a wait"
