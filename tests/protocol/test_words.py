"""Terms of a text and of a query. That a text is found by its words is tested where there is an index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.words import Excerpt, Sought, excerpt, highlights, sought, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我们明天", ["我们", "们明", "明天", "天"]),
        ("好。Good", ["好", "good"]),
        ("用Python写程序", ["用", "python", "写程", "程序", "序"]),
        ("Māori ＡＢＣ１", ["maori", "abc1"]),
        ("_ - … \u0301", []),
        ("so 😀!", ["so", "😀"]),
    ],
)
def test_runs_become_pairs_and_words_are_plain(text: str, expected: list[str]) -> None:
    assert list(terms(text)) == expected


def test_a_query_is_phrases_of_pairs_and_words_of_which_the_last_may_go_on() -> None:
    assert sought("我们的 天 Straße caf") == [
        Sought(("我们", "们的"), False),
        Sought(("天",), True),
        Sought(("strasse",), False),
        Sought(("caf",), True),
    ]
    assert sought('"*()') == []


@given(st.text(max_size=40))
def test_a_term_holds_nothing_that_separates_or_quotes(text: str) -> None:
    for term in terms(text):
        assert term and not set(term) & set("\0 \"'\\:*&|!()<>")


def test_an_excerpt_begins_shortly_before_what_was_searched_for() -> None:
    text = "a" * 50 + " 明天 " + "b" * 50
    assert excerpt(text, highlights(text, "明天"), 20) == Excerpt("…aaaa 明天 bbbbbbbbbbbb…", ((6, 8),))
