"""Texts of segments put together as they are written in each script."""

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
def test_spaces_are_where_the_script_has_them(texts: list[str], whole: str) -> None:
    assert join_texts(texts) == whole


# The first and last of each range, and beyond them.
PUNCTUATION = "、。〰︰﹏！，．／：；？＠"
UNSPACED = "กໝကႏកៜ⺀ㄯ㆐一鿿豈﫿０９Ａｚﾝﾟ𠀀\U0003ffff"
SPACED = (
    "z9é.-Яא가힣\u0dff\u0f00\u0fff\u10a0\u177f\u1800\u2e7f\u3130\u318f\ua000\uf8ff\ufb00\uffa0\U0001ffff\U00040000"
)


@pytest.mark.parametrize("character", PUNCTUATION)
def test_punctuation_with_its_own_white_gets_no_space_on_either_side(character: str) -> None:
    assert join_texts([f"x{character}", "y"]) == f"x{character}y"
    assert join_texts(["x", f"{character}y"]) == f"x{character}y"


@pytest.mark.parametrize("character", UNSPACED)
def test_scripts_without_spaces_get_a_space_beside_latin_letters_only(character: str) -> None:
    assert join_texts([character, "你"]) == f"{character}你"
    assert join_texts(["你", character]) == f"你{character}"
    assert join_texts([character, "y"]) == f"{character} y"
    assert join_texts(["x", character]) == f"x {character}"


@pytest.mark.parametrize("character", SPACED)
def test_scripts_with_spaces_get_a_space_beside_every_other(character: str) -> None:
    assert join_texts([character, "你"]) == f"{character} 你"
    assert join_texts(["你", character]) == f"你 {character}"


@given(st.lists(st.text()))
def test_nothing_but_white_space_is_added_or_lost(texts: list[str]) -> None:
    assert "".join(join_texts(texts).split()) == "".join("".join(texts).split())
