import pytest

from app.replacing.matching import Matcher
from app.replacing.rules import Replacement


def found(text: str, *rules: Replacement) -> list[str]:
    return [text[match.start : match.end] for match in Matcher(rules).matches(text)]


@pytest.mark.parametrize(
    "text",
    ["meaning", "demean", "don't mean's", "mean’s", "mean_time", "mean2", "me\u0301an", "mean\u0301", "naïmean"],
)
def test_a_word_within_another_is_left_alone(text: str) -> None:
    assert found(text, Replacement("mean")) == []


@pytest.mark.parametrize(
    "text", ["mean", "a mean, b", "'mean'", "well-mean.", "用mean来", "(Mean)", "mean 2", "ｍｅａｎ"]
)
def test_a_whole_word_is_found(text: str) -> None:
    assert len(found(text, Replacement("mean"))) == 1


def test_part_of_a_word_where_that_is_wanted() -> None:
    assert found("meaning, MEAN", Replacement("mean", whole_word=False)) == ["mean", "MEAN"]
    assert found("cafe\u0301 cafe", Replacement("cafe", whole_word=False)) == ["cafe"]  # never half a letter


def test_a_number_is_not_taken_apart() -> None:
    assert found("3.5 5 1,5 5.", Replacement("5")) == ["5", "5"]


def test_scripts_without_spaces_match_anywhere() -> None:
    assert found("我喜欢皮卡丘的皮卡丘", Replacement("皮卡丘")) == ["皮卡丘", "皮卡丘"]
    assert found("東京タワーの下", Replacement("タワー")) == ["タワー"]
    assert found("か\u3099か", Replacement("か")) == ["か"]


def test_the_longest_counts_and_so_a_longer_one_guards() -> None:
    rules = (
        Replacement("皮卡", "Pika"),
        Replacement("皮卡车", "皮卡车"),
        Replacement("new york"),
        Replacement("york"),
    )
    assert found("皮卡和皮卡车 New York york", *rules) == ["皮卡", "皮卡车", "New York", "york"]


def test_the_longest_that_may_be_here_counts() -> None:
    assert found("git hubs", Replacement("git hub"), Replacement("git")) == ["git"]


def test_case_matters_where_it_is_asked_for_and_counts_first() -> None:
    rules = [Replacement("us", "them"), Replacement("US", "America", match_case=True)]
    assert [match.rule for match in Matcher(rules).matches("US us Us")] == [1, 0, 0]


def test_of_two_that_hear_the_same_the_first_counts_and_nothing_heard_matches_nothing() -> None:
    rules = [Replacement("a", "1"), Replacement("A", "2"), Replacement(" ")]
    assert [match.rule for match in Matcher(rules).matches("A a")] == [0, 0]


def test_symbols_need_no_space() -> None:
    assert found("c++ C++17 c#", Replacement("c++"), Replacement("c#")) == ["c++", "C++", "c#"]
