"""Test the detection of loops in recognised text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.engines.repetition import (
    compression,
    count_repeats,
    has_repetition,
    is_loop,
    is_only_loop,
    is_suspicious,
    may_repeat,
    repetition,
    with_repeats,
    without_loops,
    without_repeated_sentences,
)

SPOKEN = [
    "",
    "。。。。。。。。。。。。。",
    "Please remember to water the plants before you leave the house.",
    "No, no, no, no, no, no.",
    "I am sorry, I am sorry, I am sorry.",
    "8888 8888",
    "8 8 8 8 8 8 8 8",
    "It costs 1,000,000,000 dollars.",
    "11111111111111111111",
    "哈哈哈哈哈哈哈",
    "好的好的好的，我马上来。",
    "Left, right, left, right, left, right.",
]
LOOPS = [
    ("I'm sorry. " * 33, "I'm sorry. "),
    (
        "The end. And so on, and so on, and so on, and so on, and so on, and so on. Bye.",
        "The end. And so on. Bye.",
    ),
    ("哈" * 40, "哈"),
    ("今天很好。" + "请订阅频道。" * 6 + "再见。", "今天很好。请订阅频道。再见。"),
    ("1" * 60, "1"),
    ("Na" + "'a" * 40, "Na'a"),
    ("Q" * 137, "QQQQ"),
    ("I like it. " * 9 + "我喜欢。" * 9, "I like it. 我喜欢。"),
]


@pytest.mark.parametrize("text", SPOKEN)
def test_spoken_text_is_no_loop(text: str) -> None:
    assert not is_loop(text) and without_loops(text) == text


@pytest.mark.parametrize(("text", "kept"), LOOPS)
def test_loop_is_reduced_to_one_phrase(text: str, kept: str) -> None:
    assert is_loop(text) and is_suspicious(text)
    assert without_loops(text) == kept


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("I'm sorry. " * 9, True),
        ("I'm sorry. " * 9 + "I'm", True),
        ("Well, please tell me, " + "I'm sorry. " * 9, False),
        ("No, no.", False),
        ("", False),
    ],
)
def test_text_that_is_only_a_loop_is_reported_from_one_that_ends_with_it(text: str, only: bool) -> None:
    assert is_only_loop(text) is only


def test_case_and_punctuation_do_not_hide_a_loop() -> None:
    assert is_loop("Thank you, thank you. THANK YOU! thank-you, Thank you; thank you… ")


def test_moderate_repetition_is_only_suspicious() -> None:
    text = "I am sorry, I am sorry, I am sorry."
    assert is_suspicious(text) and not is_loop(text)
    assert not is_suspicious("I am sorry, I am sorry.") and not is_suspicious("No, no, no.")


def test_sentence_said_twice_is_a_repetition() -> None:
    assert has_repetition("I left my umbrella. I left my umbrella.") and has_repetition("今天很好。今天很好。")
    assert not has_repetition("I am sorry, I am sorry.") and not has_repetition("好的好的，我来。")
    assert may_repeat("I am sorry, I am sorry.") and may_repeat("好的好的，我来。") and not may_repeat("No, no.")


@pytest.mark.parametrize(
    ("text", "once"),
    [
        ("It has been moved. It has been moved.", "It has been moved."),
        ("The quick brown fox jumps over the quick brown fox jumps over.", "The quick brown fox jumps over."),
        ("I would like a short. I would like a short. I would like a", "I would like a short"),
        ("今天天气很好，今天天气很好。", "今天天气很好。"),
        ("No, no, no, no, no, no.", "No, no, no, no, no, no."),
        ("Paper towels, paper towels.", "Paper towels, paper towels."),
    ],
)
def test_sentence_that_is_said_again_is_left_out(text: str, once: str) -> None:
    assert without_repeated_sentences(text) == once


def test_loop_of_varying_numbers_is_suspicious_by_its_compression() -> None:
    text = "".join(f"Go to the next page of the book {number}. " for number in range(20))
    assert repetition(text) is None and is_suspicious(text)
    assert compression("") == 0 and compression(SPOKEN[2]) < 1.5


@given(st.text(alphabet="ab 1不好.,", max_size=80))
def test_result_never_loops_and_other_text_is_unchanged(text: str) -> None:
    kept = without_loops(text)
    assert not is_loop(kept)
    assert len(kept) < len(text) if is_loop(text) else kept == text


@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=9, unique=True), st.integers(2, 20))
def test_repetition_counts_phrases_and_units(phrase: list[str], times: int) -> None:
    found = repetition(" ".join(phrase * times))
    assert found is not None
    assert (found.times, found.units) == (times - 1, len(phrase) * (times - 1))


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("", 1),
        ("Not yet.", 1),
        ("Not yet, not yet.", 2),
        ("没问题。没问题。没问题。", 3),
        ("No, no. Not yet.", 1),
        ("Not yet, not yet, not.", 1),
    ],
)
def test_phrase_is_counted_if_a_text_has_nothing_else(text: str, times: int) -> None:
    assert count_repeats(text) == times


@pytest.mark.parametrize(
    ("text", "times", "expected"),
    [
        ("好。好。好。好。好。好。好。", 5, "好。好。好。好。好。"),
        (" 推了 推了", 3, " 推了 推了 推了"),
        (" Not yet. Not yet!", 4, " Not yet. Not yet. Not yet. Not yet!"),
        ("No, no, no.", 2, "No, no."),
    ],
)
def test_phrase_is_said_as_often_as_given(text: str, times: int, expected: str) -> None:
    assert with_repeats(text, times) == expected
