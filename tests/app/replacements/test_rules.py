import pytest

from app.replacements.rules import (
    LONGEST_HEARD,
    LONGEST_WRITTEN,
    MOST_RULES,
    Replacement,
    key_of,
    wrong,
)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (Replacement("", "x"), "empty"),
        (Replacement(" \t", "x"), "empty"),
        (Replacement("x" * (LONGEST_HEARD + 1)), "hears-long"),
        (Replacement("x", "y" * (LONGEST_WRITTEN + 1)), "writes-long"),
        (Replacement("x\x07", "y"), "control"),
        (Replacement("x", "\x1b[2J"), "control"),
        (Replacement("x", "\ud800"), "control"),
        (Replacement("x\ny"), "control"),
    ],
)
def test_invalid_rule_has_a_problem(rule: Replacement, problem: str) -> None:
    assert wrong([Replacement("good"), rule]) == {1: problem}


def test_valid_rules_have_no_problem() -> None:
    assert not wrong(
        [Replacement("um"), Replacement("new line", "\n"), Replacement("翡翠", "pounamu"), Replacement("C++")]
    )


def test_second_rule_for_same_words_is_invalid() -> None:
    rules = [Replacement("Git Hub"), Replacement("ｇｉｔ  hub", "x"), Replacement("GIT HUB", "y", match_case=True)]
    assert wrong(rules) == {1: "twice"}
    assert key_of(rules[0]) == key_of(rules[1]) != key_of(rules[2])


def test_rules_over_the_limit_are_invalid() -> None:
    rules = [Replacement(f"word {number}") for number in range(MOST_RULES + 2)]
    assert wrong(rules) == dict.fromkeys((MOST_RULES, MOST_RULES + 1), "too-many")
    long = [Replacement(f"word {number}", "x" * LONGEST_WRITTEN) for number in range(300)]
    assert set(wrong(long).values()) == {"too-many"} and 0 < len(wrong(long)) < 150


def test_invalid_rules_do_not_count_towards_limit() -> None:
    rules = [Replacement(""), *(Replacement(f"word {number}") for number in range(MOST_RULES))]
    assert wrong(rules) == {0: "empty"}
