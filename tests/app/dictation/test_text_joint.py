"""Spaces and capitals where an inserted text meets the text around the caret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dictation.text_joint import at_caret, full_stop_of

OBJECT = "\ufffc"


@pytest.mark.parametrize(
    ("before", "text", "inserted"),
    [
        # -- spaces, in English
        ("", "Hello there.", "Hello there."),
        ("We met.", "Then we left.", " Then we left."),
        ("We met. ", "Then we left.", "Then we left."),
        ("We met.\n", "Then we left.", "Then we left."),
        ("We met.\u2029", "Then we left.", "Then we left."),
        ("see the", "File here.", " file here."),
        ("Dear Anna,", "\n", "\n"),
        ("Dear Anna,", "\nThank you.", "\nThank you."),
        ("Dear Anna", "\nThe file is here.\n", "\nThe file is here.\n"),
        ("(", "See below.", "See below."),
        ("he wrote (", "See below.", "see below."),
        ("done)", "And so on.", " and so on."),
        ("“", "Stop!", "Stop!"),
        ('he said "', "Stop!", "stop!"),
        ('he said "stop"', "And left.", " and left."),
        ("and/", "Or.", "or."),
        ("@", "Anna", "Anna"),
        ("well-", "Known", "Known"),
        ("100%", "Of it", " of it"),
        ("done", ", I think", ", I think"),
        ("12", "34", " 34"),
        ("🙂", "This is it.", " This is it."),
        # -- capitals, in English
        ("We met,", "But not for long.", " but not for long."),
        ("I think", "This is right.", " this is right."),
        ("I think", "We can go.", " we can go."),
        ("I think", "Hello is a word.", " hello is a word."),
        ("I saw", "Anna in London.", " Anna in London."),
        ("he and", "I went.", " I went."),
        ("now", "I'm here.", " I'm here."),
        ("on", "Monday we go.", " Monday we go."),
        ("in", "May we go.", " May we go."),
        ("the", "NATO treaty.", " NATO treaty."),
        ("Dear Anna,\n", "Thank you.", "Thank you."),
        ("Note:", "This is new.", " This is new."),
        ("What?", "this is new.", " This is new."),
        ("", "this is new.", "This is new."),
        ("", "one two three", "one two three"),
        ("Yes.", "one two three", " one two three"),
        ("He left.”", "then we ate.", " Then we ate."),
        # -- Chinese and mixed
        ("", "你好。", "你好。"),
        ("今天天气很好。", "我们出去吧。", "我们出去吧。"),
        ("今天", "天气很好。", "天气很好。"),
        ("今天用", "Python 写的。", " Python 写的。"),
        ("I use", "中文。", " 中文。"),
        ("很好。", "This is good.", "This is good."),
        ("（", "注意", "注意"),
        ("「", "注意", "注意"),
        ("说：", "This is it.", "This is it."),
        ("我想，", "This is it.", "this is it."),
    ],
)
def test_text_fits_after_the_text_before_the_caret(before: str, text: str, inserted: str) -> None:
    assert at_caret(text, before, "") == inserted
    assert at_caret(f" {text}", before, "Something else, typed elsewhere.") == inserted


@pytest.mark.parametrize(
    ("before", "text", "inserted"),
    [
        ("We met.", " Then we left.", " Then we left."),
        ("We met. ", " Then we left.", "Then we left."),
        ("Yes. we  met.", " Then we left.", " Then we left."),
        ("12", "34", "34"),
        ("so we met", " Then we left.", " Then we left."),
        ("今天", "天气", "天气"),
    ],
)
def test_joint_with_the_text_inserted_last_stays(before: str, text: str, inserted: str) -> None:
    assert at_caret(text, before, before.strip()) == inserted


def test_first_letter_changed_before_is_still_the_text_inserted_last() -> None:
    assert at_caret(" Then we left.", "and this is it", "This is it") == " Then we left."


@pytest.mark.parametrize(
    ("text", "after", "inserted"),
    [
        ("Yes.", "D", "Yes. "),
        ("Yes", "5", "Yes "),
        ("I use", "中", "I use "),
        ("用", "P", "用 "),
        ("Yes.", "", "Yes."),
        ("Yes.", " ", "Yes."),
        ("Yes.", "\n", "Yes."),
        ("Yes", ",", "Yes"),
        ("Yes.", "”", "Yes."),
        ("Yes.", OBJECT, "Yes."),
        ("Yes. ", "D", "Yes. "),
        ("see (", "D", "see ("),
        ("你好。", "世", "你好。"),
        ("你好。", "D", "你好。"),
        ("今天", "天", "今天"),
        (" ", "D", " "),
    ],
)
@pytest.mark.parametrize("before", [None, ""])
def test_space_follows_a_text_where_the_next_word_does(
    before: str | None, text: str, after: str, inserted: str
) -> None:
    assert at_caret(text, before, "", after) == inserted


@pytest.mark.parametrize("before", [None, f"see {OBJECT}"])
def test_text_stays_where_the_text_before_the_caret_is_unknown(before: str | None) -> None:
    assert at_caret(" This is it.", before, "") == " This is it."


@given(st.text(), st.text(), st.text())
def test_only_the_beginning_changes(text: str, before: str, continues: str) -> None:
    changed, plain = at_caret(text, before, continues), text.lstrip(" ")
    assert changed.lstrip(" ")[1:] == plain[1:] or not plain or len(plain[0].upper()) > 1
    assert len(changed) - len(changed.lstrip(" ")) <= max(1, len(text) - len(plain))


@pytest.mark.parametrize("text", ["你好。", "See you at ten.", "好.", "It is 3.", "In 2026."])
def test_full_stop_at_the_end_is_found(text: str) -> None:
    assert full_stop_of(text) == text[-1]


@pytest.mark.parametrize(
    "text", ["", ".", "。", "你好！", "Really?", "Well...", "好。。", "At 7 p.m.", "e.g.", "Yes. ", "Yes.\n"]
)
def test_other_ends_have_no_full_stop(text: str) -> None:
    assert full_stop_of(text) == ""


@pytest.mark.parametrize(
    ("before", "text", "inserted"),
    [
        ("Yes. We met", " Then we left.", ". Then we left."),
        ("We met ", " Then we left.", "then we left."),
        ("We met, then", " Then we left.", " then we left."),
        (None, " Then we left.", " Then we left."),
        (None, "Then", " Then"),
    ],
)
def test_full_stop_that_was_left_out_comes_only_after_its_text(
    before: str | None, text: str, inserted: str
) -> None:
    assert at_caret(text, before, "We met.", left_out=".") == inserted
    assert at_caret(text, before, "", left_out=".") == at_caret(text, before, "")
