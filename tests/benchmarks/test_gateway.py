"""The gateway's cost: a small run, in which every answer is right."""

from pathlib import Path

from benchmarks.gateway import Load, _measure, median_of

HERE = Path(__file__).resolve().parents[2]


def test_small_run_counts_cost_and_right_answers() -> None:
    cost = _measure("now", HERE, Load(streams=3, frame_ms=500, segments=1), settle_s=0.0)
    assert (cost["right"], cost["not_right"]) == (3, 0)
    assert cost["redis_clients"] <= 4 and cost["scripts"] < cost["commands"]
    assert median_of([cost, cost])["not_right"] == 0
