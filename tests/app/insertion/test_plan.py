import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.insertion.outcome import Target
from app.insertion.plan import Newline, Rules, Strategy, may_type_instead, to_paste, to_type

EDITOR, TERMINAL = Target(1, "gedit"), Target(2, "kitty", terminal=True)


@given(st.text())
def test_no_control_character_reaches_a_terminal(text: str) -> None:
    for ready in (to_paste(text, TERMINAL), to_type(text, TERMINAL, Newline.RETURN)):
        assert all(char >= " " and not "\x7f" <= char < "\xa0" for char in ready)
        ready.encode()


def test_lines_stay_where_they_are_harmless() -> None:
    text = "one\r\ntwo\tthree\x1b[31m"
    assert to_paste(text, EDITOR) == "one\ntwo\tthree[31m"
    assert to_type(text, EDITOR, Newline.SHIFT_RETURN) == "one\ntwo three[31m"
    assert to_type(text, EDITOR, Newline.SPACE) == "one two three[31m"
    assert to_paste(text, TERMINAL) == "one two three[31m"


@pytest.mark.parametrize(
    ("rules", "may"),
    [
        (Rules(), True),
        (Rules(input_method=True), False),
        (Rules(Strategy.PASTE), False),
    ],
)
def test_an_input_method_would_make_other_words_of_typed_ones(rules: Rules, may: bool) -> None:
    assert may_type_instead(rules) is may
