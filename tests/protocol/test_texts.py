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
    ],
)
def test_spaces_are_where_the_script_has_them(texts: list[str], whole: str) -> None:
    assert join_texts(texts) == whole


@given(st.lists(st.text()))
def test_nothing_but_white_space_is_added_or_lost(texts: list[str]) -> None:
    assert "".join(join_texts(texts).split()) == "".join("".join(texts).split())
