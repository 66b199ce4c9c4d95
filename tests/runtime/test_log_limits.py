from hypothesis import given
from hypothesis import strategies as st

from runtime.log_limits import RepeatLimit


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from("abc"), st.booleans()), max_size=200))
def test_every_line_is_let_through_or_counted(lines: list[tuple[float, str, bool]]) -> None:
    limit: RepeatLimit[str] = RepeatLimit(burst=3, interval_s=10, most_keys=2)
    now, written, told = 0.0, 0, 0
    for pause, key, ask in lines:
        now += pause
        written += limit.admit(key, now)
        told += sum(limit.held_back(now).values()) if ask else 0
    told += sum(limit.held_back(float("inf")).values())
    assert written + told == len(lines)
    assert limit.held_back(float("inf")) == {}


def test_no_more_pass_than_may_and_another_kind_is_another_matter() -> None:
    limit: RepeatLimit[str] = RepeatLimit(burst=3, interval_s=10)
    assert [limit.admit("refused", 0.0) for _ in range(5)] == [True] * 3 + [False] * 2
    assert limit.admit("something else", 0.0)
    assert limit.held_back(9.9) == {}, "its interval goes on"
    assert limit.held_back(10.0) == {"refused": 2}
    assert limit.admit("refused", 10.0)


def test_what_is_known_of_kinds_is_bounded_and_counts_survive() -> None:
    limit: RepeatLimit[int] = RepeatLimit(burst=1, interval_s=10, most_keys=10)
    for number in range(1_000):
        assert limit.admit(number, 0.0)
        assert not limit.admit(number, 0.0)
    assert sum(limit.held_back(float("inf")).values()) == 1_000
