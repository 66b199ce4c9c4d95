"""Newest values, kept packed: they equal those of a ``deque``, and their objects do not stay in memory."""

import gc
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from backend.observability.newest_values import NewestValues
from backend.observability.other_processes import Shown
from protocol.monitor import Recent
from protocol.recognition import Timing

RECENT = st.builds(
    Recent,
    st.text(max_size=300),
    st.integers(0, 2**40),
    st.text(max_size=9),
    timing=st.builds(Timing, *[st.integers(0, 2**31)] * 4),
    at_s=st.floats(allow_nan=False),
)


@given(
    st.integers(1, 5), st.lists(st.one_of(st.none(), st.builds(Shown, st.text(max_size=9), RECENT)), max_size=30)
)
def test_values_are_the_newest_in_order(most: int, added: list[Shown | None]) -> None:
    kept, expected = NewestValues(Shown, most), deque[Shown](maxlen=most)
    for value in added:
        if value is None:
            kept.clear()
            expected.clear()
        else:
            kept.add(value)
            expected.append(value)
        assert kept.all() == tuple(expected)


def test_added_objects_do_not_stay() -> None:
    def counted() -> int:
        gc.collect()
        return sum(isinstance(known, Recent) for known in gc.get_objects())

    kept, before = NewestValues(Shown, 100), counted()
    for segment in range(100):
        kept.add(Shown("owner", Recent("session", segment, "final", timing=Timing(segment))))
    assert counted() == before
    assert len(kept.all()) == 100
