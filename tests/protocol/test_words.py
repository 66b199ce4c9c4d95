"""Search terms of texts and queries. Searching an index is tested together with each index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.words import Excerpt, SearchTerms, excerpt, highlights, literal, search_phrases, terms


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
def test_terms_are_pairs_of_unspaced_characters_and_folded_words(text: str, expected: list[str]) -> None:
    assert list(terms(text)) == expected


def test_query_becomes_phrases_and_its_last_word_a_prefix() -> None:
    assert search_phrases("我们的 天 Straße caf") == [
        SearchTerms(("我们", "们的"), False),
        SearchTerms(("天",), True),
        SearchTerms(("strasse",), False),
        SearchTerms(("caf",), True),
    ]
    assert search_phrases('"*()') == []


def test_query_without_terms_is_searched_literally() -> None:
    assert [literal(query) for query in ("*", ' "" ', "a *", "好", " ")] == ["*", '""', "", "", ""]
    assert highlights("3 * 4 ** 5", "*") == ((2, 3), (6, 8))


@given(st.text(max_size=40))
def test_terms_hold_no_separators_or_quotes(text: str) -> None:
    for term in terms(text):
        assert term and not set(term) & set("\0 \"'\\:*&|!()<>")


def test_excerpt_begins_shortly_before_the_first_match() -> None:
    text = "a" * 50 + " 明天 " + "b" * 50
    assert excerpt(text, highlights(text, "明天"), 20) == Excerpt("…aaaa 明天 bbbbbbbbbbbb…", ((6, 8),))
