"""Joining of segment texts by the spacing rules of each script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.texts import TimedText, append_text, join_pieces, join_texts, joined_parts


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
        (["Python", "，很好"], "Python，很好"),
        (["Python", "：很好"], "Python：很好"),
        (["例：", "Python"], "例：Python"),
        (["OK", "。"], "OK。"),
    ],
)
def test_joined_texts_have_the_spaces_of_their_script(texts: list[str], whole: str) -> None:
    assert join_texts(texts) == whole


# First and last character of each range, and their neighbours outside.
PUNCTUATION = "、。〰\u303f︰﹏！，．／：；？＠"
UNSPACED = "กໝကႏកៜ⺀ㄯ㆐一鿿\uf900﫿０９Ａｚﾝﾟ𠀀\U0003ffff"
SPACED = (
    "z9é.-Яא가힣\u0dff\u0f00\u0fff\u10a0\u177f\u1800\u2e7f\u3130\u318f\ua000\uf8ff\ufb00\uffa0\U0001ffff\U00040000"
)


@pytest.mark.parametrize("character", PUNCTUATION)
def test_full_width_punctuation_gets_no_space_on_either_side(character: str) -> None:
    assert join_texts([f"x{character}", "y"]) == f"x{character}y"
    assert join_texts(["x", f"{character}y"]) == f"x{character}y"


@pytest.mark.parametrize("character", UNSPACED)
def test_unspaced_scripts_get_a_space_only_next_to_latin_letters(character: str) -> None:
    assert join_texts([character, "你"]) == f"{character}你"
    assert join_texts(["你", character]) == f"你{character}"
    assert join_texts([character, "y"]) == f"{character} y"
    assert join_texts(["x", character]) == f"x {character}"


@pytest.mark.parametrize("character", SPACED)
def test_spaced_scripts_get_a_space_next_to_every_script(character: str) -> None:
    assert join_texts([character, "你"]) == f"{character} 你"
    assert join_texts(["你", character]) == f"你 {character}"


@given(st.lists(st.text()))
def test_join_texts_changes_only_white_space(texts: list[str]) -> None:
    assert "".join(join_texts(texts).split()) == "".join("".join(texts).split())


def spoken(*texts: str, pauses_ms: tuple[int, ...]) -> list[TimedText]:
    """Return texts of a second each, with these pauses between them."""
    pieces, at = list[TimedText](), 0
    for text, pause_ms in zip(texts, (*pauses_ms, 0), strict=True):
        pieces.append(TimedText(text, at, at + 1_000))
        at += 1_000 + pause_ms
    return pieces


@pytest.mark.parametrize(
    ("texts", "pauses_ms", "whole"),
    [
        (["I went to the.", "Store yesterday."], [100], "I went to the store yesterday."),
        (["I went to the.", "", "Store yesterday."], [0, 0], "I went to the store yesterday."),
        (["We had", "The", "keys.", "It was late."], [0, 0, 0], "We had the keys. It was late."),
        (["So you do?", "Yes, I do."], [0], "So you do? Yes, I do."),
        (["I see a...", "Dog."], [5_000], "I see a... Dog."),
        (["I see a..."], [], "I see a"),
        (["我想。", "去北京。"], [0], "我想去北京。"),
        (["天气很好。", "我们去公园。"], [0], "天气很好，我们去公园。"),
        (["天气很好。", "我们去公园。"], [900], "天气很好。我们去公园。"),
        (["你去吗？", "我去。"], [0], "你去吗？我去。"),
        (["My number is 0171", "234", "56."], [800, 801], "My number is 0171234 56."),
        (["12.", "34."], [0], "1234."),
        (["In 2019", "30 people came."], [0], "In 2019 30 people came."),
        (["Please call", "911"], [0], "Please call 911"),
        (["12", "apples."], [0], "12 apples."),
    ],
)
def test_joined_pieces_read_like_one_text(texts: list[str], pauses_ms: list[int], whole: str) -> None:
    assert join_pieces(spoken(*texts, pauses_ms=tuple(pauses_ms))) == whole


def test_sentence_ends_where_all_its_pieces_are_complete() -> None:
    """The second piece has no verb, but its sentence has one."""
    pieces = spoken("He told the children", "for the story.", "They asked for another.", pauses_ms=(0, 0))
    assert join_pieces(pieces) == "He told the children for the story. They asked for another."


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["天气很好。", "我们去公园。"], "天气很好。我们去公园。"),
        (["I went to the.", "Store yesterday."], "I went to the store yesterday."),
        (["I went home.", "the store."], "I went home. the store."),
    ],
)
def test_text_before_a_later_insertion_stays_as_it_was_written(texts: list[str], whole: str) -> None:
    first, second = spoken(*texts, pauses_ms=(100,))
    later, written = second._replace(after_written=True), join_pieces([first])
    assert join_pieces([first, later]) == written + append_text(first._replace(text=written), later) == whole


def test_pieces_without_times_or_in_disorder_get_only_spaces() -> None:
    texts = ["I went to the.", "Store."]
    assert join_pieces(map(TimedText, texts)) == join_texts(texts)
    assert join_pieces([TimedText(texts[0], 1_000, 2_000), TimedText(texts[1], 0, 900)]) == join_texts(texts)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("I went to", "The store.", " the store."),
        ("I went home.", "Of course.", " Of course."),
        ("", "The store.", "The store."),
        ("我想", "去。", "去。"),
        ("天气很好。", "我们去。", "我们去。"),
        ("1", "2", "2"),
        ("1.", "2", " 2"),
        ("1", "", ""),
    ],
)
def test_appended_text_leaves_the_left_text_unchanged(left: str, right: str, expected: str) -> None:
    assert append_text(TimedText(left, 0, 1_000), TimedText(right, 1_100, 2_000)) == expected


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["Dear Anna\n", "Thank you."], "Dear Anna\nThank you."),
        (["Dear Anna", " \n Thank you."], "Dear Anna\n Thank you."),
        (["Dear Anna", "\n", "Thank you."], "Dear Anna\nThank you."),
        (["\n", "Thank you.", "\n\n"], "\nThank you.\n\n"),
        (["We met.\n", "the store."], "We met.\nthe store."),
        (["第一点", "\n", "第二点"], "第一点\n第二点"),
        (["12\n", "34"], "12\n34"),
    ],
)
@pytest.mark.parametrize("after_written", [False, True])
def test_line_breaks_at_the_ends_of_pieces_stay_and_need_no_space(
    texts: list[str], whole: str, after_written: bool
) -> None:
    """A replacement wrote them: recognised texts have none at their ends."""
    pieces = spoken(*texts, pauses_ms=(100,) * (len(texts) - 1))
    assert join_pieces(one._replace(after_written=after_written) for one in pieces) == whole
    assert join_pieces(map(TimedText, texts)) == whole


PIECES = st.lists(st.tuples(st.text(st.sampled_from("Ia the,.…。我的1-")), st.integers(0, 2_000)), max_size=6)


@given(PIECES)
def test_joined_pieces_keep_every_letter_and_digit(pieces: list[tuple[str, int]]) -> None:
    texts, pauses_ms = [text for text, _ in pieces], tuple(pause for _, pause in pieces[1:])
    timed = spoken(*texts, pauses_ms=pauses_ms) if pieces else []
    parts = joined_parts(timed)
    assert len(parts) == len(timed)
    for (text, _), part in zip(pieces, parts, strict=True):
        assert [c for c in part.lower() if c.isalnum()] == [c for c in text.lower() if c.isalnum()]
