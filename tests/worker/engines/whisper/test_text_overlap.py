"""Test which words of two decodes of the same speech are written once."""

import pytest

from worker.engines.whisper.text_overlap import (
    continue_text,
    ends_like,
    is_new,
    lies_between,
    rest_after_overlap,
    sentence_before,
    with_spaces,
)


@pytest.mark.parametrize(
    ("text", "cut", "end"),
    [
        (" Go on. We come.", 10, 7),
        ("去吧。我们来。", 5, 3),
        (" Go on. Nothing is lost.", 18, 18),
        (" Go on now", 6, 6),
    ],
    ids=["words of the next", "Chinese", "too many", "no sentence"],
)
def test_misplaced_words_of_the_next_sentence_stay_with_it(text: str, cut: int, end: int) -> None:
    assert sentence_before(text, cut) == end


@pytest.mark.parametrize(
    ("text", "end", "alike"),
    [
        (" Go on. Come back.", " come back", True),
        (" Go on. Come pack.", " Come back.", True),
        (" Go on.", " Come back.", False),
        ("去吧，在会议室见面。", "在会意室见面", True),
    ],
)
def test_ends_of_two_decodes_are_alike_if_a_letter_differs(text: str, end: str, alike: bool) -> None:
    assert ends_like(text, end) == alike


@pytest.mark.parametrize(
    ("text", "rest", "new"),
    [("我还没有。", "核对完。", True), ("Yes, I know.", " I know!", False), ("Yes.", " ...", False)],
)
def test_rest_that_was_decoded_already_is_not_new(text: str, rest: str, new: bool) -> None:
    assert is_new(rest, text) is new


@pytest.mark.parametrize(
    ("text", "rest", "expected"),
    [
        ("我还没有。", "核对完。", "我还没有，核对完。"),
        ("我还没有。", "核对完", "我还没有，核对完。"),
        ("还有吗？", "核对完", "还有吗？核对完"),
        (" Not yet.", " I am late", " Not yet. I am late."),
        (" Not yet", " I am late", " Not yet I am late"),
    ],
)
def test_full_stop_before_the_rest_belongs_to_its_end(text: str, rest: str, expected: str) -> None:
    assert continue_text(text, rest) == expected


@pytest.mark.parametrize(
    ("found", "between"),
    [("Nothing.", True), ("On!", False), ("I", False), ("Go on.", True), ("I am.", True)],
    ids=["new", "end of the first", "beginning of the second", "the first again", "the second again"],
)
def test_words_of_a_phrase_are_not_decoded_again_but_all_of_it_is(found: str, between: bool) -> None:
    assert lies_between(found, " Go on.", " I am.") is between


@pytest.mark.parametrize(
    ("text", "rest", "lacking"),
    [
        (" Go. Water the", " Water the plants.", " plants."),
        (" Water the", " Water the plants. Water the plants.", " plants. Water the plants."),
        (" Go on. Go on. Go", " Go on. Go on.", " on."),
        (" Water the", " Watch the plants.", ""),
        (" Go on. Water the", " The plants.", ""),
        (" Water the", " Water the", ""),
        ("我们提前到前台", "提前到前台登记。", "登记。"),
    ],
)
def test_rest_without_the_words_decoded_before(text: str, rest: str, lacking: str) -> None:
    assert rest_after_overlap(text, rest) == lacking


@pytest.mark.parametrize(
    ("before", "said", "after", "text"),
    [
        ("见面。", " Bring notes.", "请来。", "Bring notes. "),
        (" Come.", "请来。", " Go on.", " 请来。"),
        ("", " Bring notes.", "请来。", "Bring notes. "),
        (" Come.", "请来。", "", " 请来。"),
        ("见面。", "请来。", "好。", "请来。"),
    ],
)
def test_text_between_two_others_has_spaces_where_they_are_written(
    before: str, said: str, after: str, text: str
) -> None:
    assert with_spaces(before, said, after) == text
