from hypothesis import given
from hypothesis import strategies as st

from runtime.log_limits import RepeatLimit


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from("abc"), st.booleans()), max_size=200))
def test_log_limit_writes_or_counts_every_line(lines: list[tuple[float, str, bool]]) -> None:
    limit: RepeatLimit[str] = RepeatLimit(burst=3, interval_s=10, most_keys=2)
    now, written, counted = 0.0, 0, 0
    for pause, key, ask in lines:
        now += pause
        written += limit.admit(key, now)
        counted += sum(limit.take_held_back(now).values()) if ask else 0
    counted += sum(limit.take_held_back(float("inf")).values())
    assert written + counted == len(lines)
    assert limit.take_held_back(float("inf")) == {}


def test_log_limit_applies_to_each_key_alone() -> None:
    limit: RepeatLimit[str] = RepeatLimit(burst=3, interval_s=10)
    assert [limit.admit("refused", 0.0) for _ in range(5)] == [True] * 3 + [False] * 2
    assert limit.admit("something else", 0.0)
    assert limit.take_held_back(9.9) == {}, "its interval is not over"
    assert limit.take_held_back(10.0) == {"refused": 2}
    assert limit.admit("refused", 10.0)


def test_log_limit_bounds_its_keys_and_keeps_counts() -> None:
    limit: RepeatLimit[int] = RepeatLimit(burst=1, interval_s=10, most_keys=10)
    for number in range(1_000):
        assert limit.admit(number, 0.0)
        assert not limit.admit(number, 0.0)
    assert sum(limit.take_held_back(float("inf")).values()) == 1_000
