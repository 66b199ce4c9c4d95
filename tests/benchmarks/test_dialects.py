"""The cost of others' protocols: a small run, in which every text is right."""

import pytest

from benchmarks.dialects import compared, measure


@pytest.mark.parametrize(
    "api", ["own", "realtime-24k", pytest.param("earlier", marks=pytest.mark.proof(minutes=1))]
)
def test_small_run_counts_cost_and_right_texts(api: str) -> None:
    row = measure(api, "simple", streams=2, seconds=1.0)
    assert (row["right"], row["wrong"]) == (2, 0) and row["gateway_cpu"] > 0


def test_ratio_is_that_to_our_own_protocol() -> None:
    rows = [{"api": api, "gateway_cpu": cpu, "ratio": 0.0} for api, cpu in (("own", 2.0), ("funasr", 5.0))]
    assert [row["ratio"] for row in compared(rows)] == [1.0, 2.5]
