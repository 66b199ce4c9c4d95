"""Quotas of keys, and the pace of their messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.admission.quotas import MessagePace, Quota, QuotaMeter
from backend.admission.usage_elsewhere import KeyCounts


def test_requests_are_counted_and_accepted_without_quota() -> None:
    meter = QuotaMeter(Quota())
    assert all(meter.request("k", 0.0) is None and meter.stream("k") is None for _ in range(1_000))
    assert (meter.of("k").requests, meter.of("k").refused) == (1_000, 0)


def test_burst_is_accepted_then_the_rate_applies() -> None:
    meter = QuotaMeter(Quota(per_minute=60, burst=3))
    assert [meter.request("k", 0.0) is None for _ in range(4)] == [True, True, True, False]
    refusal = meter.request("k", 0.5)
    assert refusal is not None and (refusal.status, refusal.retry_s) == (429, 0.5)
    assert meter.request("k", 1.0) is None
    assert meter.request("k", 1.0) is not None
    assert meter.of("k").refused == 3


def test_burst_is_no_more_than_the_rate_of_a_minute() -> None:
    meter = QuotaMeter(Quota(per_minute=10))
    assert sum(meter.request("k", 0.0) is None for _ in range(100)) == 10


def test_quotas_of_keys_are_independent() -> None:
    meter = QuotaMeter(Quota(per_minute=1, burst=1))
    assert meter.request("a", 0.0) is None and meter.request("a", 0.0) is not None
    assert meter.request("b", 0.0) is None


def test_owner_is_counted_but_not_limited() -> None:
    meter = QuotaMeter(Quota(per_minute=1, burst=1, streams=1))
    meter.of("owner").streams = 9
    assert all(meter.request("owner", 0.0, limited=False) is None for _ in range(5))
    assert meter.stream("owner", limited=False) is None
    assert meter.of("owner").requests == 5


def test_simultaneous_streams_are_limited() -> None:
    meter = QuotaMeter(Quota(streams=2))
    meter.of("k").streams = 1
    assert meter.stream("k") is None
    meter.of("k").streams = 2
    refusal = meter.stream("k")
    assert refusal is not None and "2 streams" in refusal.message
    meter.forget("k")
    assert meter.stream("k") is None


def test_audio_of_forgotten_keys_stays_counted() -> None:
    meter = QuotaMeter(Quota())
    meter.of("a").audio_bytes += 32_000
    meter.of("b").audio_bytes += 64_000
    meter.forget("a")
    meter.forget("a")
    assert meter.audio_s == 3.0


@given(st.lists(st.floats(0, 600, allow_nan=False), max_size=200), st.integers(1, 100), st.integers(1, 20))
def test_accepted_requests_never_exceed_burst_and_rate(times: list[float], rate: int, burst: int) -> None:
    meter = QuotaMeter(Quota(per_minute=rate, burst=burst))
    moments = sorted(times)
    accepted = [now for now in moments if meter.request("k", now) is None]
    for first, begin in enumerate(accepted):
        for last, end in enumerate(accepted[first:], first):
            assert last - first + 1 <= burst + (end - begin) * rate / 60 + 1e-6


@given(st.lists(st.floats(-5, 5, allow_nan=False), max_size=50))
def test_clock_moving_back_grants_no_extra_requests(steps: list[float]) -> None:
    meter = QuotaMeter(Quota(per_minute=60, burst=2))
    now = highest = 0.0
    accepted = int(meter.request("k", now) is None)
    for step in steps:
        now += step
        highest = max(highest, now)
        accepted += meter.request("k", now) is None
    assert accepted <= 2 + highest


def test_messages_are_paused_only_above_burst() -> None:
    pace = MessagePace(per_second=10.0, burst=5.0)
    assert [pace.pause_s(100.0) for _ in range(7)] == pytest.approx([0, 0, 0, 0, 0, 0.1, 0.2])
    assert pace.pause_s(100.2) == pytest.approx(0.1)
    assert pace.pause_s(200.0) == 0.0


def test_messages_pass_at_configured_rate_in_the_long_run() -> None:
    pace, now = MessagePace(per_second=100.0, burst=5.0), 0.0
    for _ in range(1_000):
        now += pace.pause_s(now)
    assert now == pytest.approx(9.95)


def test_streams_of_other_processes_count_for_the_limit() -> None:
    meter = QuotaMeter(Quota(streams=2))
    meter.elsewhere.update(1, 1, {"k": KeyCounts(streams=1)})
    meter.of("k").streams += 1
    refusal = meter.stream("k")
    assert refusal is not None and "2 streams" in refusal.message
    assert meter.everywhere("k").streams == 2
    meter.of("k").streams -= 1
    assert meter.stream("k") is None
    meter.elsewhere.gone(1)
    assert meter.everywhere("k").streams == 0


def test_requests_of_other_processes_empty_the_same_bucket() -> None:
    meter = QuotaMeter(Quota(per_minute=60, burst=3))
    meter.spent("k", 2, 0.0)
    assert [meter.request("k", 0.0) is None for _ in range(2)] == [True, False]
    meter.spent("k", 100, 0.0)
    assert meter.request("k", 1.0) is None and meter.request("k", 1.0) is not None


def test_each_change_of_requests_and_connections_is_reported() -> None:
    changed_keys: list[str] = []
    meter = QuotaMeter(Quota(), changed=changed_keys.append)
    meter.request("k", 0.0)
    meter.count_connections("k", 1)
    assert meter.of("k").counts == KeyCounts(requests=1, connections=1)
    meter.count_connections("k", -1)
    assert changed_keys == ["k", "k", "k"] and meter.of("k").connections == 0
