"""Tests of error rates against known values, and of the laws of edit distance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.scoring import Score, edit_distance, score

words = st.lists(st.sampled_from("abcd"), max_size=8)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "distance"),
    [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("abc", "abc", 0), ("ab", "ba", 2)],
)
def test_edit_distance_counts_edits(reference: str, hypothesis: str, distance: int) -> None:
    assert edit_distance(reference, hypothesis) == distance


@given(words, words, words)
def test_edit_distance_is_a_metric(one: list[str], two: list[str], three: list[str]) -> None:
    assert (edit_distance(one, two) == 0) == (one == two)
    assert edit_distance(one, two) == edit_distance(two, one)
    assert edit_distance(one, three) <= edit_distance(one, two) + edit_distance(two, three)
    assert abs(len(one) - len(two)) <= edit_distance(one, two) <= max(len(one), len(two))


@pytest.mark.parametrize(
    ("reference", "hypothesis", "errors", "units"),
    [
        ("It was the first sorrow.", "it was the first sorrow", 0, 5),
        ("don't stop", "don’t stop", 0, 2),
        ("one two three", "one three", 1, 3),
        ("well-known", "well known", 0, 2),
        ("hello", "", 1, 1),
    ],
)
def test_score_counts_word_errors_in_english(reference: str, hypothesis: str, errors: int, units: int) -> None:
    assert score(reference, hypothesis, "en") == Score("WER", errors, units)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "errors", "units"),
    [
        ("今天的天气很好。", "今天 的天气,很好", 0, 7),
        ("网络断开", "网路断开", 1, 4),
        ("说", "說", 1, 1),
        ("用Python写", "用python写", 0, 8),
    ],
)
def test_score_counts_character_errors_in_chinese(
    reference: str, hypothesis: str, errors: int, units: int
) -> None:
    assert score(reference, hypothesis, "zh") == Score("CER", errors, units)


def test_score_formats_rate_and_handles_empty_reference() -> None:
    assert str(Score("WER", 1, 8)) == "WER 12.5% (1 of 8)"
    assert Score("WER", 0, 0).rate == 0
    assert Score("WER", 3, 0).rate == 1
