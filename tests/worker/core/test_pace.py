"""Expected speed of an engine, and deadlines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.pace import Pace

SECONDS = st.floats(0.01, 1000)


def test_pace_expects_real_time_while_speed_is_unknown() -> None:
    pace = Pace()
    assert pace.speed == 0
    assert pace.deadline_s(30) == 10 + 5 * 30


def test_deadline_follows_the_speed() -> None:
    pace = Pace()
    pace.count_batch(20, 5)
    assert pace.speed == 4
    assert pace.deadline_s(30) == pytest.approx(10 + 5 * 30 / 4)


def test_pace_weights_recent_batches_more() -> None:
    pace = Pace()
    pace.count_batch(10, 10)
    for _ in range(100):
        pace.count_batch(10, 1)
    assert pace.speed == pytest.approx(10, rel=0.01)


def test_timeout_doubles_the_expected_time() -> None:
    pace = Pace()
    pace.note_timeout()
    pace.count_batch(20, 5)
    pace.note_timeout()
    assert pace.deadline_s(30) == pytest.approx(10 + 5 * 30 / 2)


@given(st.lists(st.tuples(SECONDS, SECONDS)), SECONDS)
def test_deadline_is_at_least_ten_seconds(batches: list[tuple[float, float]], audio_s: float) -> None:
    pace = Pace()
    for batch in batches:
        pace.count_batch(*batch)
    assert pace.deadline_s(audio_s) > 10
