"""Both texts can be read from their difference, and it is small where they are alike."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.history.difference import Change, Piece, difference, words_that_differ

TEXTS = st.text("天气好今 ab,\n", max_size=30)


def shown(before: str, after: str) -> str:
    """What is removed in brackets, what is added in braces."""
    marks = {Change.SAME: "{}", Change.REMOVED: "[{}]", Change.ADDED: "{{{}}}"}
    return "".join(marks[piece.change].format(piece.text) for piece in difference(before, after))


def check(before: str, after: str) -> tuple[Piece, ...]:
    pieces = difference(before, after)
    assert "".join(piece.text for piece in pieces if piece.change is not Change.ADDED) == before
    assert "".join(piece.text for piece in pieces if piece.change is not Change.REMOVED) == after
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
def test_what_is_shown(before: str, after: str, expected: str) -> None:
    assert shown(before, after) == expected


@given(TEXTS, TEXTS)
def test_both_texts_are_in_it(before: str, after: str) -> None:
    check(before, after)


@given(st.text(), st.text())
def test_any_texts_have_a_difference(before: str, after: str) -> None:
    check(before, after)


@given(TEXTS)
def test_equal_texts_have_none(text: str) -> None:
    assert all(piece.change is Change.SAME for piece in check(text, text))


def words(chance: random.Random, count: int, kinds: int) -> list[str]:
    return [f"w{chance.randrange(kinds)}" for _ in range(count)]


def test_long_texts_that_are_alike_are_told_apart_word_by_word() -> None:
    chance = random.Random(1)
    before = words(chance, 20_000, 3_000)
    after, changed = list(before), sorted(chance.sample(range(20_000), 200))
    for at in changed:
        after[at] = "other"
    pieces = check(" ".join(before), " ".join(after))
    removed = " ".join(piece.text for piece in pieces if piece.change is Change.REMOVED).split()
    assert removed == [before[at] for at in changed]


def test_what_moved_in_a_long_text_is_removed_and_added() -> None:
    before = [f"w{number}" for number in range(4_000)]
    after = before[:500] + before[1_000:3_000] + before[500:1_000] + before[3_000:]
    pieces = check(" ".join(before), " ".join(after))
    assert sum(len(piece.text.split()) for piece in pieces if piece.change is Change.SAME) == 3_500


@pytest.mark.parametrize(
    "make",
    [
        lambda chance: " ".join(words(chance, 50_000, 2)),
        lambda chance: "".join(chance.choice("天气") for _ in range(50_000)),
        lambda chance: "a" * chance.randrange(50_000),
        lambda chance: " ".join(words(chance, 50_000, 10**9)),
    ],
)
def test_texts_that_are_nothing_alike_take_no_time(make: Callable[[random.Random], str]) -> None:
    """The limit of the test is its own: a comparison of everything with everything would take hours."""
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
def test_words_that_differ_are_counted(before: str, after: str, words: int) -> None:
    assert words_that_differ(difference(before, after)) == words
