"""Joining the texts of segments."""

import pytest

from backend.texts import join_texts


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        ([], ""),
        (["Hello", "world."], "Hello world."),
        (["你好", "世界"], "你好世界"),
        (["你好。", "Hello"], "你好。Hello"),
        (["你好", "Hello"], "你好 Hello"),
        (["Hello", "，世界"], "Hello，世界"),
        (["안녕", "하세요"], "안녕 하세요"),
        (["カタカナ", "です"], "カタカナです"),
        ([" a ", "", "  ", "b\n"], "a b"),
        (["3", "4"], "3 4"),
        (["𠀀", "𠀁"], "𠀀𠀁"),
    ],
)
def test_join(texts: list[str], whole: str) -> None:
    assert join_texts(texts) == whole
