"""Spans: the segments whose texts make up a session, and the stored form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.spans import encode_replaces, parse_replaces, without_replaced


def test_session_without_spans_has_the_texts_of_all_segments() -> None:
    assert without_replaced(range(3), {}) == [0, 1, 2]


def test_span_stands_where_the_first_replaced_segment_stands() -> None:
    assert without_replaced(range(6), {4: (1, 2)}) == [0, 4, 3, 5]


def test_span_counts_when_a_replaced_segment_is_unknown() -> None:
    assert without_replaced([2, 3, 4], {4: (1, 2)}) == [4, 3]


def test_earlier_span_counts_when_two_replace_the_same_segment() -> None:
    assert without_replaced(range(5), {3: (0, 1), 4: (1, 2)}) == [3, 2]


@pytest.mark.parametrize("stored", ["", b"", "[", "{}", '["a"]'])
def test_unreadable_list_replaces_nothing(stored: str | bytes) -> None:
    assert parse_replaces(stored) == ()


def test_stored_list_is_read_back() -> None:
    assert parse_replaces(encode_replaces((3, 4))) == (3, 4)
    assert encode_replaces(()) == ""


@given(st.integers(1, 30), st.lists(st.sets(st.integers(0, 29), min_size=1, max_size=5), max_size=8))
def test_text_of_each_segment_comes_from_itself_or_from_one_span(segments: int, replaced: list[set[int]]) -> None:
    spans = {segments + i: sorted(n % segments for n in some) for i, some in enumerate(replaced)}
    kept = without_replaced(range(segments + len(spans)), spans)
    assert len(set(kept)) == len(kept)
    for n in range(segments):
        assert (n in kept) + sum(n in spans[span] for span in kept if span in spans) == 1
