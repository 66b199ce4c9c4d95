"""Answer of the plan for given times."""

import re

import pytest

from loadtest.capacity.calibration import estimate
from loadtest.capacity.forecast import ForecastInput, describe_forecast, forecast, lag_cost
from loadtest.capacity.simulation import Autoscaler, Chain, WorkerTimes
from loadtest.capacity.sizing import UnitCosts
from loadtest.capacity.speech import Speakers


def test_forecast_sizes_all_and_simulates_some() -> None:
    found = forecast(ForecastInput(1_000_000, 0.745, 0.3), estimate(WorkerTimes(0.007, 16, 0.22)), UnitCosts())
    assert (found.sizing.speakers, found.simulated) == (1_000_000, 10_000)
    assert found.waits.p50 and found.waits.p95 and found.waits.p50 < found.waits.p95
    said = describe_forecast(found)
    assert said.startswith("Speakers: 1,000,000, ") and "one shard" in said and "Price" not in said


def test_forecast_of_one_speaker_has_no_plural_of_one() -> None:
    asked = ForecastInput(1, 1.0, 0.3, lags=(15.0,))
    said = describe_forecast(forecast(asked, estimate(WorkerTimes(0.02)), UnitCosts()))
    assert "Processes of gateways: 1, " in said and not re.search(r"\b1 (processes|workers|speakers)\b", said)


def test_forecast_of_a_speaker_who_pauses_too_long_has_no_waits() -> None:
    found = forecast(ForecastInput(1, 0.01, 0.3), estimate(WorkerTimes(0.02)), UnitCosts())
    assert found.waits.p50 is None and "no segment ended" in describe_forecast(found)


def test_forecast_simulates_the_asked_lags_and_reports_the_price() -> None:
    asked = ForecastInput(20, 0.745, 0.3, lags=(15.0, 60.0))
    found = forecast(asked, estimate(WorkerTimes(0.2)), UnitCosts(worker_price=1.0))
    assert [lag.start_s for lag in found.lags] == [15.0, 60.0]
    assert found.simulated == 20
    assert "a worker starts in 60 s" in describe_forecast(found)
    assert "Price: 5.00 per hour" in describe_forecast(found)


def test_waits_without_headroom_are_longer() -> None:
    waits = [
        forecast(ForecastInput(200, 0.745, headroom), estimate(WorkerTimes(0.2)), UnitCosts()).waits.p95
        for headroom in (0.5, 0.0)
    ]
    assert waits[0] and waits[1] and waits[1] > waits[0]
    assert waits[0] == pytest.approx(1_200, rel=0.1), "the longest segments, decoded without a wait"


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
