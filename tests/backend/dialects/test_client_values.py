"""Values that clients of other protocols send: JSON objects and hotwords."""

import pytest

from backend.dialects.client_values import LONGEST_HOTWORD, cut_hotword, distinct_hotwords, json_object, text_of
from tests.backend.dialects.nesting import nested_list


@pytest.mark.parametrize("data", ["", "{", "[1]", "null", '"text"', "[" * 100_000, '"\udcff"'])
def test_text_without_an_object_has_none(data: str) -> None:
    assert json_object(data) is None


def test_object_is_read() -> None:
    assert json_object('{"a": [1]}') == {"a": [1]}


def test_long_hotword_is_cut_without_space_at_its_end() -> None:
    assert cut_hotword(f"  {'a' * (LONGEST_HOTWORD - 1)} bc") == "a" * (LONGEST_HOTWORD - 1)


def test_hotwords_are_distinct_and_limited() -> None:
    assert distinct_hotwords(["a", "", "b", "a"]) == ("a", "b")
    assert len(distinct_hotwords(map(str, range(1_000)))) == 512


def test_only_texts_and_numbers_are_text() -> None:
    assert [text_of(value) for value in ("a", 7, 1.5)] == ["a", "7", "1.5"]
    others: tuple[object, ...] = None, {}, nested_list()
    assert [text_of(value, "b") for value in others] == ["b"] * 3
