"""Signs that a sentence goes on over a pause."""

import re
from collections import Counter
from pathlib import Path

import pytest

from protocol import sentences
from protocol.sentences import (
    goes_on,
    goes_on_with,
    without_capital,
    without_capital_within,
    without_false_stop,
    without_full_stop,
)

AT_ONCE, BRIEF, LONG, MINUTES = 0, 200, 900, 60_000


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("I went to the.", "Store yesterday."),
        ("The train from...", "London was late."),
        ("My brother thinks that", "We should wait."),
        ("They had nothing that would-", "fit me."),
        ("He told the children.", "for a story."),
        ("The engine makes noise when it...", "is cold."),
        ("The cut.", "Was deep."),
        ("After the concert.", "We walked along the river."),
        ("If you want it.", "You have to open the settings."),
        ("Please write to us if anything.", "Thing is urgent."),
        ("She opened the door.", "Of the house."),
        ("The whole house.", "It smelled wonderful."),
        ("I bought it.", "Full of stars."),
        ("我想。", "去北京。"),
        ("今天的", "天气很好。"),
        ("我们下个星期要。", "参加一个会议。"),
        ("昨天晚上。", "我看了一部电影。"),
    ],
)
def test_sentence_continues_over_short_pause_when_words_suggest_it(left: str, right: str) -> None:
    assert goes_on(left, right, BRIEF)
    assert not goes_on(left, right, MINUTES)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("I went home.", "It was late."),
        ("Good morning.", "I would like to write a letter."),
        ("We should wait until June.", "Do not forget the keys."),
        ("We meet at 7.", "The room is small."),
        ("What do you want to?", "Go home."),
        ("Stop!", "of course"),
        ("今天天气很好。", "ok then"),
        ("你好吗？", "我很好。"),
        ("...", "Yes."),
        ("Yes.", "..."),
    ],
)
@pytest.mark.parametrize("pause_ms", [AT_ONCE, BRIEF, LONG, MINUTES])
def test_sentence_ends_where_nothing_says_otherwise(left: str, right: str, pause_ms: int) -> None:
    assert not goes_on(left, right, pause_ms)


@pytest.mark.parametrize(("left", "right"), [("在桌子上。", "你能开门吗？"), ("一部电影。", "故事很有意思。")])
def test_chinese_sentence_ends_only_at_long_pause(left: str, right: str) -> None:
    assert goes_on(left, right, BRIEF)
    assert not goes_on(left, right, LONG)


@pytest.mark.parametrize("left", ["I went to the.", "bread and", "因为。"])
def test_word_that_ends_no_sentence_outweighs_long_pause(left: str) -> None:
    assert goes_on(left, "Store yesterday." if left[0].isascii() else "下雨。", LONG)
    assert not goes_on(left, "Next.", MINUTES)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("to the.", "Store", "to the"),
        ("from...", "London", "from"),
        ("would-", "fit", "would"),
        ("one, two", "three", "one, two"),
        ("我想。", "去北京。", "我想"),
        ("今天天气很好。", "我们去公园。", "今天天气很好，"),
        ("今天天气很好。", "的时候", "今天天气很好"),
        ("用 Python。", "OK", "用 Python"),
    ],
)
def test_without_full_stop_sets_comma_only_between_long_chinese_texts(
    left: str, right: str, expected: str
) -> None:
    assert without_full_stop(left, right) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I went to the.", "I went to the"),
        ("Bread and...", "Bread and"),
        ("因为。", "因为"),
        ("那是我的。", "那是我的。"),
    ]
    + [(text, text) for text in ("Go home.", "Where to?", "the", "", "你好。")],
)
def test_without_false_stop_drops_stop_after_word_that_ends_no_sentence(text: str, expected: str) -> None:
    assert without_false_stop(text) == expected


@pytest.mark.parametrize(
    ("right", "left", "expected"),
    [
        ("The store", "I opened", "the store"),
        ("Store yesterday.", "to the", "store yesterday."),
        ("Store yesterday.", "to", "Store yesterday."),
        ("London was late.", "from", "London was late."),
        ("Monday morning", "on the", "Monday morning"),
        ("NATO says", "the", "NATO says"),
        ("iPhone", "the", "iPhone"),
        ("I think", "that", "I think"),
        ("I'm here", "that", "I'm here"),
        ("It's cold", "when", "it's cold"),
        ("A dog", "saw", "a dog"),
        ("B", "the", "B"),
        ("May comes", "and", "May comes"),
        ("你好", "the", "你好"),
        ("42 dogs", "the", "42 dogs"),
    ],
)
def test_without_capital_keeps_capitals_of_names(right: str, left: str, expected: str) -> None:
    assert without_capital(right, left) == expected
    assert without_capital_within(right, left) == expected


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ("Hello there", "hello there"),
        ("Between us", "between us"),
        ("Going on", "going on"),
        ("Apples grow", "Apples grow"),
        ("May comes", "May comes"),
        ("Will comes", "Will comes"),
        ("Anna comes", "Anna comes"),
        ("HELLO", "HELLO"),
        ("I've seen", "I've seen"),
    ],
)
def test_common_words_lose_their_capital_within_a_sentence(right: str, expected: str) -> None:
    assert without_capital_within(right, "and then") == expected


@pytest.mark.parametrize(
    ("right", "goes_on"),
    [
        ("Somewhere in the garden. We searched.", True),
        ("One day earlier than we had planned.", True),
        ("Until then.", True),
        ("This work of a lifetime.", True),
        ("But nobody came.", True),
        ("So what do you want?", False),
        ("And you?", False),
        ("Ship it.", False),
        ("For me.", True),
        ("Dogs bark and cats wait.", False),
        ("The play ends at noon.", False),
        ("Yes, of course.", False),
        ("Fix the parser.", False),
        ("42.", False),
        ("叔叔 of mine.", False),
        ("Eleven long words without any of the known verb forms here tonight.", False),
    ],
)
def test_words_without_subject_and_verb_continue_a_sentence(right: str, goes_on: bool) -> None:
    assert goes_on_with(right) == goes_on


def test_no_list_of_words_has_a_word_twice() -> None:
    lists = re.findall(r'_word_set\(\s*"+([^"]+)"', Path(sentences.__file__).read_text(encoding="utf-8"))
    assert len(lists) > 10
    assert [word for words in lists for word, times in Counter(words.split()).items() if times > 1] == []
