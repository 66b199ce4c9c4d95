import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.insertion.outcome import Target
from app.insertion.plan import (
    MOST_PROGRAMS,
    Newline,
    ProgramRule,
    Rules,
    Strategy,
    length_before_cleaning,
    may_type_instead,
    program_problems,
    rules_for,
    to_paste,
    to_type,
)

EDITOR, TERMINAL = Target(1, "gedit"), Target(2, "kitty", terminal=True)


@given(st.text())
def test_no_control_character_reaches_a_terminal(text: str) -> None:
    for ready in (to_paste(text, TERMINAL), to_type(text, TERMINAL, Newline.RETURN)):
        assert all(char >= " " and not "\x7f" <= char < "\xa0" for char in ready)
        ready.encode()


@given(st.text(st.sampled_from("ab\r\n\t\x07\x9f")), st.data())
def test_rest_of_a_text_is_found_before_its_cleaning(text: str, data: st.DataObject) -> None:
    typed = to_type(text, EDITOR, Newline.SHIFT_RETURN)
    rest = typed[data.draw(st.integers(0, len(typed))) :]
    found = text[len(text) - length_before_cleaning(rest, text) :]
    assert to_type(found, EDITOR, Newline.SHIFT_RETURN) == rest
    assert not found or len(to_type(found[1:], EDITOR, Newline.SHIFT_RETURN)) < len(rest), "the shortest"


def test_line_breaks_are_kept_where_they_are_harmless() -> None:
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
def test_text_is_not_typed_instead_when_an_input_method_is_in_use(rules: Rules, may: bool) -> None:
    assert may_type_instead(rules) is may


def test_program_rule_applies_only_to_its_program() -> None:
    slack, safe = ProgramRule("slack", Strategy.TYPE, Newline.SPACE), ProgramRule("KeePassXC", hold=True)
    rules = Rules(Strategy.PASTE, input_method=True, programs=(slack, safe, ProgramRule("chat", full_stop=False)))
    of_slack = rules_for(Target(1, "Slack.exe"), rules)
    assert (of_slack.strategy, of_slack.newline, of_slack.hold) == (Strategy.TYPE, Newline.SPACE, False)
    assert of_slack.input_method and rules_for(Target(2, "keepassxc"), rules).hold
    assert of_slack.full_stop and not rules_for(Target(5, "chat"), rules).full_stop
    assert rules_for(Target(3, "slackware"), rules) == rules_for(Target(4, ""), rules) == rules


def test_problems_of_program_rules_are_reported() -> None:
    bad = [ProgramRule(" "), ProgramRule("x" * 101), ProgramRule("a\nb"), ProgramRule("x"), ProgramRule("X.EXE")]
    assert program_problems(bad) == {0: "empty", 1: "long", 2: "long", 4: "twice"}
    many = [ProgramRule(f"program {number}") for number in range(MOST_PROGRAMS + 1)]
    assert program_problems(many) == {MOST_PROGRAMS: "too-many"}
