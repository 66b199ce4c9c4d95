"""Division of texts into subtitles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.captions import LONGEST_MS, MOST_LINES, WIDEST, LocatedWord, captions, locate_words, width
from protocol.recognition import Word
from protocol.subtitles import Cue

EN = (
    "Good morning. I would like to write a short letter to my sister about the garden, "
    "because the roses have begun to bloom early this year."
)
ZH = "今天的天气很好，我们下午三点在会议室见面。请大家准时参加，并且带上需要讨论的文件。"


def cut(text: str, end_ms: int = 5_000, words: tuple[Word, ...] = ()) -> list[Cue]:
    return list(captions(Cue(0, end_ms, text), words))


def test_short_text_is_one_subtitle() -> None:
    assert cut("Good  morning.\n") == [Cue(0, 5_000, "Good morning.")]
    assert cut(" ") == []


def test_long_text_is_cut_at_its_sentence_then_at_words() -> None:
    assert [cue.text for cue in cut(EN, 12_000)] == [
        "Good morning.",
        "I would like to write a short letter\nto my sister about the garden,",
        "because the roses have begun\nto bloom early this year.",
    ]


def test_chinese_text_is_cut_at_punctuation_with_double_width() -> None:
    assert [cue.text for cue in cut(ZH, 9_000)] == [
        "今天的天气很好，我们下午三点在会议室见面。",
        "请大家准时参加，并且带上需要讨论的文件。",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Please bring the notes to the meeting,\nand read them first.",
        "今天的天气很好，\n我们下午三点，在会议室见面。",
        "No, I would like to write a\nshort letter to my sister.",
    ],
)
def test_lines_are_parted_after_a_clause_unless_one_is_much_longer(text: str) -> None:
    assert [cue.text for cue in cut(text.replace(",\n", ", ").replace("，\n", "，").replace("\n", " "))] == [text]


def test_wide_characters_fill_lines_sooner() -> None:
    assert [cue.text for cue in cut(ZH[:-1] + "和新的资料。", 9_000)][
        1
    ] == "请大家准时参加，\n并且带上需要讨论的文件和新的资料。"


def test_time_is_shared_out_among_characters_without_word_times() -> None:
    assert cut("One two. Three four.", 10_000) == [Cue(0, 4_000, "One two."), Cue(4_500, 10_000, "Three four.")]


def test_subtitles_break_at_pauses_between_words() -> None:
    words = (Word("One", 100, 300), Word("two", 300, 900), Word("three", 3_000, 3_500))
    assert cut("One two three", words=words) == [Cue(100, 900, "One two"), Cue(3_000, 3_500, "three")]


def test_punctuation_takes_no_time_before_a_pause() -> None:
    words = (Word("好", 0, 300), Word("的", 300, 600), Word("走", 2_000, 2_300), Word("吧", 2_300, 2_600))
    assert cut("好的，走吧。", words=words) == [Cue(0, 600, "好的，"), Cue(2_000, 2_600, "走吧。")]


def test_single_word_is_not_shown_for_a_minute() -> None:
    assert cut("Yes.", 60_000) == [Cue(0, LONGEST_MS, "Yes.")]


def test_word_without_end_is_divided() -> None:
    parts = cut("x" * 100)
    assert "".join(cue.text.replace("\n", "") for cue in parts) == "x" * 100
    assert max(width(line) for cue in parts for line in cue.text.split("\n")) <= WIDEST


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the Store", [LocatedWord(0, 3, 0, 1), LocatedWord(4, 9, 1, 2)]),
        ("store", [LocatedWord(0, 5, 1, 2)]),
        ("İ the store", [LocatedWord(2, 5, 0, 1), LocatedWord(6, 11, 1, 2)]),
    ],
)
def test_words_are_located_despite_other_capitals(text: str, found: list[LocatedWord]) -> None:
    assert locate_words(text, (Word("the", 0, 1), Word(" store", 1, 2))) == found


TEXTS = st.text(st.sampled_from("ab ,.。，天气很好"), max_size=400)
WORDS = st.lists(st.tuples(st.sampled_from(["a", "b", "天", "气"]), st.integers(0, 30_000)), max_size=20)


@given(TEXTS, st.integers(0, 30_000), WORDS)
def test_subtitles_hold_the_whole_text_in_order_and_fit(
    text: str, length_ms: int, spoken: list[tuple[str, int]]
) -> None:
    words = tuple(Word(word, ms, ms + 200) for word, ms in sorted(spoken, key=lambda pair: pair[1]))
    cues = list(captions(Cue(1_000, 1_000 + length_ms, text), words))
    assert "".join("".join(cue.text.split()) for cue in cues) == "".join(text.split())
    at = 1_000
    for cue in cues:
        assert at <= cue.start_ms <= cue.end_ms <= cue.start_ms + LONGEST_MS
        at = cue.end_ms
        lines = cue.text.split("\n")
        assert len(lines) <= MOST_LINES and max(map(width, lines)) <= WIDEST
    assert at <= 1_000 + length_ms
