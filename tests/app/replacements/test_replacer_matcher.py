import pytest

from app.replacements.replacer import Matcher
from app.replacements.rules import Replacement


def found(text: str, *rules: Replacement) -> list[str]:
    return [text[match.start : match.end] for match in Matcher(rules).matches(text)]


@pytest.mark.parametrize(
    "text",
    ["meaning", "demean", "don't mean's", "mean’s", "mean_time", "mean2", "me\u0301an", "mean\u0301", "naïmean"],
)
def test_whole_word_rule_ignores_parts_of_words(text: str) -> None:
    assert found(text, Replacement("mean")) == []


@pytest.mark.parametrize(
    "text", ["mean", "a mean, b", "'mean'", "well-mean.", "用mean来", "(Mean)", "mean 2", "ｍｅａｎ"]
)
def test_whole_word_rule_finds_words(text: str) -> None:
    assert len(found(text, Replacement("mean"))) == 1


def test_rule_finds_parts_of_words_when_allowed() -> None:
    assert found("meaning, MEAN", Replacement("mean", whole_word=False)) == ["mean", "MEAN"]
    assert found("cafe\u0301 cafe", Replacement("cafe", whole_word=False)) == [
        "cafe"
    ]  # never a letter without its accent


def test_matcher_does_not_split_numbers() -> None:
    assert found("3.5 5 1,5 5.", Replacement("5")) == ["5", "5"]


def test_matcher_finds_words_in_scripts_without_spaces() -> None:
    assert found("我喜欢皮卡丘的皮卡丘", Replacement("皮卡丘")) == ["皮卡丘", "皮卡丘"]
    assert found("東京タワーの下", Replacement("タワー")) == ["タワー"]
    assert found("か\u3099か", Replacement("か")) == ["か"]


def test_longest_match_wins() -> None:
    rules = (
        Replacement("皮卡", "Pika"),
        Replacement("皮卡车", "皮卡车"),
        Replacement("new york"),
        Replacement("york"),
    )
    assert found("皮卡和皮卡车 New York york", *rules) == ["皮卡", "皮卡车", "New York", "york"]


def test_longest_match_allowed_here_wins() -> None:
    assert found("git hubs", Replacement("git hub"), Replacement("git")) == ["git"]


def test_case_sensitive_match_wins() -> None:
    rules = [Replacement("us", "them"), Replacement("US", "America", match_case=True)]
    assert [match.rule for match in Matcher(rules).matches("US us Us")] == [1, 0, 0]


def test_first_of_equal_rules_wins_and_empty_rule_never_matches() -> None:
    rules = [Replacement("a", "1"), Replacement("A", "2"), Replacement(" ")]
    assert [match.rule for match in Matcher(rules).matches("A a")] == [0, 0]


def test_matcher_finds_words_with_symbols() -> None:
    assert found("c++ C++17 c#", Replacement("c++"), Replacement("c#")) == ["c++", "C++", "c#"]
