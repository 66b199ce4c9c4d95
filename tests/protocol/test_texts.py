"""Joining of segment texts by the spacing rules of each script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.texts import join_texts


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        ([], ""),
        (["", "  "], ""),
        (["Hello there.", "How are you?"], "Hello there. How are you?"),
        ([" a ", "", "b"], "a b"),
        (["你好。", "今天下雨。"], "你好。今天下雨。"),
        (["你好", "今天"], "你好今天"),
        (["你好", "Python"], "你好 Python"),
        (["Python", "很好"], "Python 很好"),
        (["用 Python。", "OK"], "用 Python。OK"),
        (["これは", "ペン"], "これはペン"),
        (["안녕", "하세요"], "안녕 하세요"),
        (["第１", "２"], "第１２"),
        (["Python", "，很好"], "Python，很好"),
        (["Python", "：很好"], "Python：很好"),
        (["例：", "Python"], "例：Python"),
        (["OK", "。"], "OK。"),
    ],
)
def test_joined_texts_have_the_spaces_of_their_script(texts: list[str], whole: str) -> None:
    assert join_texts(texts) == whole


# First and last character of each range, and their neighbours outside.
PUNCTUATION = "、。〰︰﹏！，．／：；？＠"
UNSPACED = "กໝကႏកៜ⺀ㄯ㆐一鿿豈﫿０９Ａｚﾝﾟ𠀀\U0003ffff"
SPACED = (
    "z9é.-Яא가힣\u0dff\u0f00\u0fff\u10a0\u177f\u1800\u2e7f\u3130\u318f\ua000\uf8ff\ufb00\uffa0\U0001ffff\U00040000"
)


@pytest.mark.parametrize("character", PUNCTUATION)
def test_full_width_punctuation_gets_no_space_on_either_side(character: str) -> None:
    assert join_texts([f"x{character}", "y"]) == f"x{character}y"
    assert join_texts(["x", f"{character}y"]) == f"x{character}y"


@pytest.mark.parametrize("character", UNSPACED)
def test_unspaced_scripts_get_a_space_only_next_to_latin_letters(character: str) -> None:
    assert join_texts([character, "你"]) == f"{character}你"
    assert join_texts(["你", character]) == f"你{character}"
    assert join_texts([character, "y"]) == f"{character} y"
    assert join_texts(["x", character]) == f"x {character}"


@pytest.mark.parametrize("character", SPACED)
def test_spaced_scripts_get_a_space_next_to_every_script(character: str) -> None:
    assert join_texts([character, "你"]) == f"{character} 你"
    assert join_texts(["你", character]) == f"你 {character}"


@given(st.lists(st.text()))
def test_join_texts_changes_only_white_space(texts: list[str]) -> None:
    assert "".join(join_texts(texts).split()) == "".join("".join(texts).split())
