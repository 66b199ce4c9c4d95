"""At most one question a day, whatever the clock does."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.updates.memory import DAY_S, Memory, learned, offer, settled, wait_s
from tests.helpers.signed_index import MADE_S, index_of

times = st.floats(0, 4e9)


@pytest.mark.parametrize(
    ("asked_s", "now_s", "left_s"),
    [
        (0.0, 1e9, 0.0),
        (1e9, 1e9, DAY_S),
        (1e9, 1e9 + 3600, DAY_S - 3600),
        (1e9, 1e9 + DAY_S, 0.0),
        (2e9, 1e9, DAY_S),
    ],
)
def test_next_question_waits_for_a_day(asked_s: float, now_s: float, left_s: float) -> None:
    assert wait_s(Memory(asked_s=asked_s), now_s) == left_s


@given(st.lists(st.floats(0, 3 * DAY_S), min_size=1, max_size=40))
def test_questions_are_a_day_apart_on_a_steady_clock(steps: list[float]) -> None:
    memory, now, asked = Memory(), 1e9, list[float]()
    for step in steps:
        now += step
        if wait_s(memory, now) == 0:
            memory = Memory(asked_s=now)
            asked.append(now)
    assert asked[:1] == [1e9 + steps[0]]
    assert all(later - earlier >= DAY_S for earlier, later in pairwise(asked))


@given(times, times)
def test_clock_that_was_set_back_delays_the_question_by_a_day_at_most(asked_s: float, now_s: float) -> None:
    known = settled(Memory(asked_s=asked_s), now_s)
    assert known.asked_s <= now_s and wait_s(known, now_s) <= DAY_S
    assert wait_s(known, now_s + DAY_S) == 0


def test_memory_keeps_the_newest_index_and_its_version() -> None:
    known = learned(Memory(5.0, made_s=MADE_S + 9), index_of("0.2.0"), "0.1.0")
    assert (known.made_s, known.answered_s) == (MADE_S + 9, 5.0)
    found = offer(known, "0.1.0")
    assert found is not None and found.version == "0.2.0"
    assert offer(known, "0.2.0") is None, "the update was installed"
    assert learned(known, index_of("0.1.0"), "0.1.0").release is None, "it was withdrawn"
