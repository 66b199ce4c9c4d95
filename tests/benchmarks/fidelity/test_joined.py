"""Tests of the measurements with joined recordings."""

import numpy as np
import pytest

from benchmarks.fidelity.joined import joined, says_so_often, share
from protocol.audio import SAMPLE_RATE


@pytest.mark.parametrize(
    ("word", "heard", "right"),
    [
        ("好。", "好。好。好。", True),
        ("好。", "号，号，号。", True),
        ("好。", "好。好。", False),
        ("好。", "", False),
        ("谢谢。", "谢谢 谢谢 谢谢", True),
        ("谢谢。", "谢谢 谢谢", False),
    ],
)
def test_any_word_counts_if_it_is_written_as_often_as_it_was_said(word: str, heard: str, right: bool) -> None:
    assert says_so_often(word, 3, heard) is right


def test_share_of_a_sentence_is_that_of_its_best_piece() -> None:
    heard = "He came late. 今天天气真好。 We go home."
    assert share("今天天气很好。", heard) == pytest.approx(5 / 6)
    assert share("We go home.", heard) == 1.0
    assert share("Nobody knows them.", heard) == 0.0
    assert share("We go home.", "") == 0.0


def test_parts_are_joined_with_pauses_between_two_lengths() -> None:
    part = np.full(SAMPLE_RATE, 10_000, np.int16)
    loud = np.abs(joined([part, part], (0.5, 0.6), 1).astype(int)) > 5_000
    first, last = np.flatnonzero(loud)[[0, -1]]
    assert loud.sum() == 2 * SAMPLE_RATE and first == 0.4 * SAMPLE_RATE
    assert 2.5 * SAMPLE_RATE <= last - first + 1 <= 2.6 * SAMPLE_RATE
