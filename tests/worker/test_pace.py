"""What is expected of an engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pace import Pace

SECONDS = st.floats(0.01, 1000)


def test_real_time_is_expected_while_nothing_is_known() -> None:
    pace = Pace()
    assert pace.speed == 0
    assert pace.deadline_s(30) == 10 + 5 * 30


def test_the_deadline_follows_the_speed() -> None:
    pace = Pace()
    pace.decoded(20, 5)
    assert pace.speed == 4
    assert pace.deadline_s(30) == pytest.approx(10 + 5 * 30 / 4)


def test_the_past_fades() -> None:
    pace = Pace()
    pace.decoded(10, 10)
    for _ in range(100):
        pace.decoded(10, 1)
    assert pace.speed == pytest.approx(10, rel=0.01)


def test_a_time_out_doubles_what_is_expected() -> None:
    pace = Pace()
    pace.timed_out()
    pace.decoded(20, 5)
    pace.timed_out()
    assert pace.deadline_s(30) == pytest.approx(10 + 5 * 30 / 2)


@given(st.lists(st.tuples(SECONDS, SECONDS)), SECONDS)
def test_there_are_always_ten_seconds(batches: list[tuple[float, float]], audio_s: float) -> None:
    pace = Pace()
    for batch in batches:
        pace.decoded(*batch)
    assert pace.deadline_s(audio_s) > 10
