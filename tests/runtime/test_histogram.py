from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.histogram import SECONDS, Histogram


def test_new_histogram_is_empty() -> None:
    reading = Histogram((1.0, 2.0)).read()
    assert (reading.buckets, reading.sum, reading.count) == (((1.0, 0), (2.0, 0), (inf, 0)), 0.0, 0)


@given(st.lists(st.one_of(st.floats(0, 100), st.sampled_from(SECONDS)), max_size=60))
def test_histogram_bucket_counts_values_up_to_its_bound(values: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    reading = histogram.read()
    assert [bound for bound, _ in reading.buckets] == [*SECONDS, inf]
    assert all(count == sum(value <= bound for value in values) for bound, count in reading.buckets)
    assert reading.count == len(values) and reading.sum == pytest.approx(sum(values))


def test_add_all_counts_values_of_another_histogram() -> None:
    one, other, both = Histogram((1.0, 2.0)), Histogram((1.0, 2.0)), Histogram((1.0, 2.0))
    for value in (0.5, 1.5, 9.0):
        one.add(value)
        both.add(value)
    for value in (2.0, 3.0):
        other.add(value)
        both.add(value)
    one.add_all(other.read())
    assert one.read() == both.read() and one.read().bounds == (1.0, 2.0)
