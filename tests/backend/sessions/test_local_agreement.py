"""Stable beginnings of successive hypotheses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.sessions.local_agreement import LocalAgreement, words

PIECES = st.sampled_from(
    ["so", "So", "it", "goes", "on", ".", ",", " ", "  ", "你", "好", "，", "3", ".5", "don't", "é", "👍", "หก"]
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)


def shown(*hypotheses: str) -> list[tuple[str, str]]:
    """Return stable part and rest after each hypothesis."""
    agreement = LocalAgreement()
    found = []
    for hypothesis in hypotheses:
        agreement.add(hypothesis)
        found.append((agreement.text[: agreement.stable], agreement.text[agreement.stable :]))
    return found


def test_text_is_stable_once_two_hypotheses_agree() -> None:
    assert shown("so it", "so it goes", "so it goes on") == [
        ("", "so it"),
        ("so it", " goes"),
        ("so it goes", " on"),
    ]


def test_unfinished_word_is_not_stable() -> None:
    assert shown("so it go", "so it goes")[-1] == ("so it", " goes")


def test_final_case_and_punctuation_need_agreement() -> None:
    assert shown("So it goes.", "so it goes.")[-1] == ("", "so it goes.")
    assert shown("So it goes.", "So it goes.")[-1] == ("So it goes", ".")
    assert shown("So it goes.", "So it goes. And")[-1] == ("So it goes", ". And")
    assert shown("Well, so", "Well so")[-1] == ("Well", " so")


def test_characters_of_scripts_without_spaces_are_units() -> None:
    assert shown("你好", "你好世", "你好世界。")[1:] == [("你好", "世"), ("你好世", "界。")]
    assert shown("用 Python 写", "用 Pythonic 写")[-1] == ("用", " Pythonic 写")


def test_contradicting_hypothesis_continues_after_stable_text() -> None:
    assert shown("so it goes", "so it goes", "sew it goes on")[-1] == ("so it goes", " on")
    assert shown("so it goes", "so it goes", "it goes")[-1] == ("so it goes", "")
    assert shown("so it goes", "so it goes", "")[-1] == ("so it goes", "")
    assert shown("你好", "你好", "您好吗")[-1] == ("你好", "吗")
    assert shown("so it", "so it", "你好goes")[-1] == ("so it", " goes")
    assert shown("so it", "so it", "你好，goes", "你好，goes", "你好，goes")[-1] == ("so it ，goes", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("...", []),
        ("“Don't,” he said.", ["Don't", "he", "said"]),
        ("3.5 km, 1,000 m", ["3.5", "km", "1,000", "m"]),
        ("我用Python写", ["我", "用", "Python", "写"]),
        ("カタカナ。", ["カ", "タ", "カ", "ナ"]),
    ],
)
def test_words_exclude_outer_punctuation(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in words(text)] == expected


@given(st.lists(TEXTS, max_size=8))
def test_stable_text_only_grows(hypotheses: list[str]) -> None:
    agreement, before = LocalAgreement(), ""
    for hypothesis in hypotheses:
        agreement.add(hypothesis)
        stable = agreement.text[: agreement.stable]
        assert stable.startswith(before) and len(stable) == agreement.stable
        assert not stable or words(stable)[-1][1] == len(stable)
        before = stable


@given(TEXTS, st.lists(TEXTS, max_size=4))
def test_repeated_text_is_stable_except_final_punctuation(text: str, before: list[str]) -> None:
    first = LocalAgreement()
    first.add(text)
    first.add(text)
    units = words(text.strip())
    assert (first.text, first.stable) == (text.strip(), units[-1][1] if units else 0)
    later = LocalAgreement()
    for hypothesis in [*before, text, text]:
        later.add(hypothesis)
    shown = words(later.text)
    assert later.stable == (shown[-1][1] if shown else 0), "whatever came before"
