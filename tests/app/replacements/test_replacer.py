import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.replacements.replacer import Replacer
from app.replacements.rules import Replacement

UM = [Replacement("um"), Replacement("呃"), Replacement("嗯")]
MARKS = [
    Replacement("comma", ","),
    Replacement("period", "."),
    Replacement("question mark", "?"),
    Replacement("new line", "\n"),
    Replacement("逗号", "，"),
    Replacement("open bracket", "("),
    Replacement("close bracket", ")"),
    Replacement("右引号", "”", whole_word=False),
]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("I um think", "I think"),
        ("Um, the thing", "The thing"),
        ("um the thing", "the thing"),
        ("Well, um, um, I think", "Well, I think"),
        ("I think, um", "I think"),
        ("Well, um.", "Well."),
        ("go um.", "go."),
        ("Go. Um. Then we", "Go. Then we"),
        ("Go. Um then we", "Go. Then we"),
        ("呃，我觉得呃，好", "我觉得，好"),
        ("嗯。好", "好"),
        ("Um.", ""),
        ("he (um, then)", "he (then)"),
        ('he said, "Um, yes."', 'he said, "Yes."'),
        ("“嗯，好。”", "“好。”"),
        ('he said "yes" um, then', 'he said "yes", then'),
        ("嗯", ""),
        ("album hum", "album hum"),
    ],
)
def test_deleted_words_leave_no_gap(text: str, new: str) -> None:
    assert Replacer(UM)(text) == new


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("hello comma world period Then", "hello, world. Then"),
        ("hello, comma, world", "hello, world"),
        ("is it question mark.", "is it?"),
        ("one new line two", "one\ntwo"),
        ("你好逗号 世界", "你好，世界"),
        ("say open bracket x", "say (x"),
        ("say, open bracket, x", "say, (x"),
        ("home open bracket late close bracket, and slept.", "home (late), and slept."),
        ("home, open bracket late, close bracket. Then", "home, (late). Then"),
        ("他说“你好，右引号。然后", "他说“你好”。然后"),
    ],
)
def test_inserted_marks_are_placed_as_punctuation(text: str, new: str) -> None:
    assert Replacer(MARKS)(text) == new


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Cloud is here. Cloud too", "Claude is here. Claude too"),
        ("Gonna go. Gonna stay", "Going to go. Going to stay"),
        ("we Gonna go", "we going to go"),
        ("I phone is a phone", "iPhone is a phone"),
        ("好。Gonna", "好。Going to"),
    ],
)
def test_replacement_keeps_capital_of_sentence(text: str, new: str) -> None:
    rules = [Replacement("cloud", "Claude"), Replacement("gonna", "going to"), Replacement("i phone", "iPhone")]
    assert Replacer(rules)(text) == new


def test_rules_do_not_see_output_of_other_rules() -> None:
    assert Replacer([Replacement("a", "b"), Replacement("b", "a")])("a b ab") == "b a ab"
    assert Replacer([Replacement("x", "x x")])("x x") == "x x x x"


def test_mark_deleted_with_word_is_not_replaced() -> None:
    assert Replacer([*UM, Replacement(",", ";")])("Um, I think, so") == "I think; so"


def test_written_returns_positions_of_changes() -> None:
    written = Replacer([Replacement("jason", "JSON"), *UM]).apply("Um, a Jason file")
    assert written.text == "A JSON file"
    assert [(written.text[hit.at : hit.until], hit.rule) for hit in written.hits] == [("", 1), ("JSON", 0)]
    assert [hit.start for hit in written.hits] == [0, 6]


def test_replacer_without_rules_changes_nothing() -> None:
    assert Replacer()("as it is") == "as it is" and Replacer(UM).apply("as it is").hits == ()


TEXT = st.text(st.sampled_from("abcXY 天气，。.,!'\n") | st.characters(), max_size=40)
HEARS = st.text(st.sampled_from("abcX天 气'") | st.characters(), max_size=4)
WRITTEN = st.text(max_size=5) | st.sampled_from(["", ",", "\n", "。"])
RULES = st.lists(st.builds(Replacement, HEARS, WRITTEN, st.booleans(), st.booleans()), max_size=6)


@given(TEXT, RULES)
def test_replacer_is_deterministic_with_ordered_changes(text: str, rules: list[Replacement]) -> None:
    """Changes are ordered and lie within both texts."""
    written = Replacer(rules).apply(text)
    assert written == Replacer(rules).apply(text)
    ends = [(0, 0), *((hit.end, hit.until) for hit in written.hits)]
    for (end, until), hit in zip(ends, written.hits, strict=False):
        assert end <= hit.start < hit.end <= len(text) and until <= hit.at <= hit.until <= len(written.text)


WRITES = st.text(string.digits, min_size=1, max_size=3)
HEARD = st.text("abc天气", min_size=1, max_size=3)
WORDY = st.lists(st.builds(Replacement, HEARD, WRITES, st.booleans()), max_size=6)


@given(st.text("abcABC天气 ,.'，", max_size=40), WORDY)
def test_text_outside_changes_is_kept_and_result_is_stable(text: str, rules: list[Replacement]) -> None:
    """Use rules whose output matches no rule."""
    replacer = Replacer(rules)
    written = replacer.apply(text)
    new, at, was = [], 0, 0
    for hit in written.hits:
        assert written.text[at : hit.at] == text[was : hit.start]
        new.append(written.text[hit.at : hit.until])
        at, was = hit.until, hit.end
    assert written.text[at:] == text[was:]
    assert new == [rules[hit.rule].writes for hit in written.hits]
    assert replacer(written.text) == written.text


@given(st.text("ab 天,.，", max_size=40).map(str.strip), st.lists(st.sampled_from(["a", "b", "天"]), max_size=3))
def test_deletion_removes_only_marks_and_whitespace(text: str, heard: list[str]) -> None:
    new = Replacer([Replacement(one, whole_word=False) for one in heard])(text)
    kept = [char for char in text if char.isalpha() and char not in heard]
    assert [char for char in new if char.isalpha()] == kept
    assert "  " not in new or "  " in text
