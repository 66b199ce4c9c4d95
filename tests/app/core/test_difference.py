"""Differences reproduce both texts, and are small for similar texts."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.difference import DifferenceKind, TextPiece, difference, words_that_differ

TEXTS = st.text("天气好今 ab,\n", max_size=30)


def shown(before: str, after: str) -> str:
    """Format a difference: removed text in brackets, added text in braces."""
    marks = {DifferenceKind.SAME: "{}", DifferenceKind.REMOVED: "[{}]", DifferenceKind.ADDED: "{{{}}}"}
    return "".join(marks[piece.change].format(piece.text) for piece in difference(before, after))


def check(before: str, after: str) -> tuple[TextPiece, ...]:
    pieces = difference(before, after)
    assert "".join(piece.text for piece in pieces if piece.change is not DifferenceKind.ADDED) == before
    assert "".join(piece.text for piece in pieces if piece.change is not DifferenceKind.REMOVED) == after
    assert all(piece.text for piece in pieces)
    return pieces


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", ""),
        ("a", "", "[a]"),
        ("", "a", "{a}"),
        ("same", "same", "same"),
        ("the quick fox", "the slow fox", "the [quick]{slow} fox"),
        ("the quick brown fox", "the slow red fox", "the [quick brown]{slow red} fox"),
        ("recognise speech", "recognised speech", "[recognise]{recognised} speech"),
        ("今天天气很好", "今天天气不好", "今天天气[很]{不}好"),
        ("今天天气好", "今天,天气好。", "今天{,}天气好{。}"),
        ("用Python写", "用python写", "用[Python]{python}写"),
        ("one two", "one  two", "one[ ]{  }two"),
    ],
)
def test_difference_marks_words_or_characters(before: str, after: str, expected: str) -> None:
    assert shown(before, after) == expected


@given(TEXTS, TEXTS)
def test_difference_reproduces_similar_texts(before: str, after: str) -> None:
    check(before, after)


@given(st.text(), st.text())
def test_difference_reproduces_arbitrary_texts(before: str, after: str) -> None:
    check(before, after)


@given(TEXTS)
def test_difference_of_equal_texts_is_empty(text: str) -> None:
    assert all(piece.change is DifferenceKind.SAME for piece in check(text, text))


def words(chance: random.Random, count: int, kinds: int) -> list[str]:
    return [f"w{chance.randrange(kinds)}" for _ in range(count)]


def test_difference_of_long_similar_texts_is_exact() -> None:
    chance = random.Random(1)
    before = words(chance, 20_000, 3_000)
    after, changed = list(before), sorted(chance.sample(range(20_000), 200))
    for at in changed:
        after[at] = "other"
    pieces = check(" ".join(before), " ".join(after))
    removed = " ".join(piece.text for piece in pieces if piece.change is DifferenceKind.REMOVED).split()
    assert removed == [before[at] for at in changed]


def test_difference_removes_and_adds_moved_text() -> None:
    before = [f"w{number}" for number in range(4_000)]
    after = before[:500] + before[1_000:3_000] + before[500:1_000] + before[3_000:]
    pieces = check(" ".join(before), " ".join(after))
    assert sum(len(piece.text.split()) for piece in pieces if piece.change is DifferenceKind.SAME) == 3_500


@pytest.mark.parametrize(
    "make",
    [
        lambda chance: " ".join(words(chance, 50_000, 2)),
        lambda chance: "".join(chance.choice("天气") for _ in range(50_000)),
        lambda chance: "a" * chance.randrange(50_000),
        lambda chance: " ".join(words(chance, 50_000, 10**9)),
    ],
)
def test_difference_of_unrelated_texts_is_fast(make: Callable[[random.Random], str]) -> None:
    """Comparing all pairs of tokens would take hours and exceed the time limit of the test."""
    chance = random.Random(2)
    check(make(chance), make(chance))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("same", "same", 0),
        ("the quick fox", "the slow fox", 1),
        ("the quick brown fox", "the slow red old fox.", 3),
        ("one two three", "", 3),
        ("Hello, there", "Hello there!", 0),
        ("今天天气很好", "今天天汽不坏", 3),
    ],
)
def test_words_that_differ_counts_longer_side(before: str, after: str, words: int) -> None:
    assert words_that_differ(difference(before, after)) == words
