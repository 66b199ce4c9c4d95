import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.devices import LONGEST_NAME, clean_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("  Anna's  laptop ", "Anna's laptop"),
        ("安娜的笔记本", "安娜的笔记本"),
        ("a\nb\tc\x1b[31m", "a b c [31m"),
        ("right\u202eleft\u200b", "right left"),
        (" \r\n", ""),
        ("x" * 100, "x" * LONGEST_NAME),
    ],
)
def test_clean_name_is_one_visible_line(text: str, name: str) -> None:
    assert clean_name(text) == name


@given(st.text())
def test_clean_name_is_idempotent_and_bounded(text: str) -> None:
    name = clean_name(text)
    assert clean_name(name) == name and len(name) <= LONGEST_NAME
    assert all(sign == " " or unicodedata.category(sign)[0] not in "CZ" for sign in name)
