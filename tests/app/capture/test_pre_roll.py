"""The ring buffer compared with a list."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.capture.pre_roll import Ring


@given(st.integers(0, 50), st.lists(st.one_of(st.none(), st.integers(0, 120)), max_size=30))
def test_ring_keeps_the_newest_samples_and_returns_each_once(size: int, steps: list[int | None]) -> None:
    """A number adds that many samples; ``None`` drains the ring."""
    ring, model, count = Ring(size), list[int](), 0
    for step in [*steps, None]:
        if step is None:
            assert ring.drain().tolist() == model
            model = []
        else:
            ring.add(np.arange(count, count + step, dtype=np.int16))
            model = (model + list(range(count, count + step)))[-size:] if size else []
            count += step


def test_ring_stays_bounded() -> None:
    ring = Ring(100)
    for _ in range(1000):
        ring.add(np.zeros(30, np.int16))
    assert len(ring._blocks) <= 5
    for _ in range(1000):
        ring.add(np.empty(0, np.int16))
    assert len(ring._blocks) <= 5
