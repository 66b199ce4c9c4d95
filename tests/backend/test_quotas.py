"""What one key may ask for, and how fast its messages are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.quotas import MessagePace, Meter, Quota


def test_without_a_quota_everything_is_counted_and_taken() -> None:
    meter = Meter(Quota())
    assert all(meter.request("k", 0.0) is None and meter.stream("k") is None for _ in range(1_000))
    assert (meter.of("k").requests, meter.of("k").refused) == (1_000, 0)


def test_a_burst_and_then_the_rate() -> None:
    meter = Meter(Quota(per_minute=60, burst=3))
    assert [meter.request("k", 0.0) is None for _ in range(4)] == [True, True, True, False]
    refusal = meter.request("k", 0.5)
    assert refusal is not None and (refusal.status, refusal.retry_s) == (429, 0.5)
    assert meter.request("k", 1.0) is None
    assert meter.request("k", 1.0) is not None
    assert meter.of("k").refused == 3


def test_one_key_does_not_use_up_anothers() -> None:
    meter = Meter(Quota(per_minute=1, burst=1))
    assert meter.request("a", 0.0) is None and meter.request("a", 0.0) is not None
    assert meter.request("b", 0.0) is None


def test_the_owner_has_no_limit_but_is_counted() -> None:
    meter = Meter(Quota(per_minute=1, burst=1, streams=1))
    meter.of("owner").streams = 9
    assert all(meter.request("owner", 0.0, limited=False) is None for _ in range(5))
    assert meter.stream("owner", limited=False) is None
    assert meter.of("owner").requests == 5


def test_streams_at_the_same_time() -> None:
    meter = Meter(Quota(streams=2))
    meter.of("k").streams = 1
    assert meter.stream("k") is None
    meter.of("k").streams = 2
    refusal = meter.stream("k")
    assert refusal is not None and "2 streams" in refusal.message
    meter.forget("k")
    assert meter.stream("k") is None


def test_all_audio_is_counted_also_of_keys_that_are_gone() -> None:
    meter = Meter(Quota())
    meter.of("a").audio_bytes += 32_000
    meter.of("b").audio_bytes += 64_000
    meter.forget("a")
    meter.forget("a")
    assert meter.audio_s == 3.0


@given(st.lists(st.floats(0, 600, allow_nan=False), max_size=200), st.integers(1, 100), st.integers(1, 20))
def test_never_more_than_burst_and_rate_allow(times: list[float], rate: int, burst: int) -> None:
    meter = Meter(Quota(per_minute=rate, burst=burst))
    moments = sorted(times)
    taken = [now for now in moments if meter.request("k", now) is None]
    for first, begin in enumerate(taken):
        for last, end in enumerate(taken[first:], first):
            assert last - first + 1 <= burst + (end - begin) * rate / 60 + 1e-6


@given(st.lists(st.floats(-5, 5, allow_nan=False), max_size=50))
def test_a_clock_that_goes_back_gives_nothing_away(steps: list[float]) -> None:
    meter = Meter(Quota(per_minute=60, burst=2))
    now = highest = 0.0
    taken = int(meter.request("k", now) is None)
    for step in steps:
        now += step
        highest = max(highest, now)
        taken += meter.request("k", now) is None
    assert taken <= 2 + highest


def test_messages_of_a_key_are_taken_at_once_until_there_are_too_many() -> None:
    pace = MessagePace(per_second=10.0, burst=5.0)
    assert [pace.pause_s(100.0) for _ in range(7)] == pytest.approx([0, 0, 0, 0, 0, 0.1, 0.2])
    assert pace.pause_s(100.2) == pytest.approx(0.1)
    assert pace.pause_s(200.0) == 0.0


def test_messages_of_a_key_pass_at_its_pace_in_the_long_run() -> None:
    pace, now = MessagePace(per_second=100.0, burst=5.0), 0.0
    for _ in range(1_000):
        now += pace.pause_s(now)
    assert now == pytest.approx(9.95)
