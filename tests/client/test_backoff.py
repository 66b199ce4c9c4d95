"""Delays before a retry: bounds and growth."""

from hypothesis import given
from hypothesis import strategies as st

from client.backoff import FIRST_S, LONGEST_ASKED_S, LONGEST_S, backoff

chances = st.floats(0, 1, exclude_max=True)


@given(st.integers(1, 10**6), chances)
def test_backoff_is_between_zero_and_the_longest(failures: int, chance: float) -> None:
    assert 0 <= backoff(failures, chance) <= LONGEST_S


def test_backoff_ceiling_doubles_until_the_longest() -> None:
    ceilings = [backoff(failures, 1.0) for failures in range(1, 9)]
    assert ceilings == [FIRST_S, 0.5, 1.0, 2.0, 4.0, 8.0, LONGEST_S, LONGEST_S]


@given(st.integers(1, 20), chances, st.floats(-10, 10**6))
def test_backoff_waits_at_least_the_requested_delay(failures: int, chance: float, asked: float) -> None:
    wait = backoff(failures, chance, asked)
    assert max(0.0, min(asked, LONGEST_ASKED_S)) <= wait <= LONGEST_ASKED_S + LONGEST_S
