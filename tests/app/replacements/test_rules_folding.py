import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.replacements.rules import folded, one_line


@pytest.mark.parametrize(
    ("left", "right"),
    [("Straße", "STRASSE"), ("ｋ８Ｓ", "k8s"), ("café", "cafe\u0301"), ("ガ", "ｶﾞ"), ("a\u3000b", "a b")],
)
def test_folded_ignores_case_width_and_composition(left: str, right: str) -> None:
    assert folded(left, case=True).plain == folded(right, case=True).plain


def test_folded_ignores_only_composition_when_case_matters() -> None:
    assert folded("É", case=False).plain == folded("E\u0301", case=False).plain
    assert folded("É", case=False).plain != folded("é", case=False).plain
    assert folded("ｋ", case=False).plain != folded("k", case=False).plain


@given(st.text(max_size=30), st.booleans())
def test_folded_maps_each_character(text: str, case: bool) -> None:
    found = folded(text, case=case)
    assert len(found.places) == len(found.plain) + 1 and found.places[-1] == len(text)
    assert list(found.places) == sorted(found.places)
    for place in range(len(text)):
        assert found.places[found.firsts[place]] == place
        assert found.plain[found.firsts[place] : found.firsts[place + 1]] == folded(text[place], case=case).plain


def test_whitespace_becomes_one_space() -> None:
    assert one_line(" New \t York\n") == "New York"
