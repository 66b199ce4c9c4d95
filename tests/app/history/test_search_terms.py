"""Search finds what a text contains, and no query breaks it."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.history.database import schema
from app.history.search_terms import excerpt, highlights, is_known, match, simplified, terms
from protocol.words import Excerpt

HAN = st.one_of(
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    st.characters(min_codepoint=0x20000, max_codepoint=0x2A6DF),
    st.sampled_from("的一是我,。 ab"),
)
MIXED = st.text(st.one_of(HAN, st.characters()), max_size=40)
ANY = st.characters(exclude_categories=())
SPECIAL = ['"', "''", "*", "AND", "NOT NEAR(", ") OR (", "terms:", "^a", "-b", "😀", "\ud800", "\0", "a" * 300]


@pytest.fixture(scope="module")
def table() -> Iterator[sqlite3.Connection]:
    """Create a table with the tokenizer of ``app.history.index``."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE VIRTUAL TABLE words USING fts5(terms, content='', tokenize='ascii', prefix='1')")
    yield connection
    connection.close()


def found(table: sqlite3.Connection, text: str, query: str) -> bool:
    """Index one text and return whether the query finds it."""
    table.execute("INSERT INTO words(words) VALUES ('delete-all')")
    table.execute("INSERT INTO words(rowid, terms) VALUES (1, ?)", (terms(text),))
    return bool(table.execute("SELECT rowid FROM words WHERE words MATCH ?", (match(query),)).fetchall())


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("我们明天去公园。", "明天"),
        ("我们明天去公园。", "我们明天去公园"),
        ("我们明天去公园。", "园"),
        ("我们明天去公园。", "我"),
        ("我们明天,去公园。", "公园 明天"),
        ("用Python写程序", "python"),
        ("用Python写程序", "写程序 pyth"),
        ("用Python写程序", "Python写"),
        ("The quick brown fox", "QUICK bro"),
        ("It doesn't matter", "doesn't"),
        ("Māori café Straße", "maori CAFE strasse"),
        ("房间号是 4060Ti, 3.14", "4060ti 3.14"),
        ("全角ABC123", "abc123"),
        ("きのう雨が降りました", "雨が"),
        ("오늘은 날씨가 좋다", "날씨"),
        ("so nice 😀!", "😀"),
    ],
)
def test_query_finds_text(table: sqlite3.Connection, text: str, query: str) -> None:
    assert found(table, text, query)
    assert highlights(text, query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("我们明天去公园。", "天明"),
        ("我们明天去公园。", "明公"),
        ("今天。天气", "天天"),
        ("quick brown", "qui brown"),  # only the last word may be a prefix
        ("quick brown", "bro "),
        ("quick brown", "brown 狐"),
        ("abc", "bc"),
        ("so nice 😀!", "😃"),
    ],
)
def test_query_does_not_find_text(table: sqlite3.Connection, text: str, query: str) -> None:
    assert not found(table, text, query)


@given(st.text(HAN, min_size=2, max_size=40), st.data())
def test_query_finds_every_part_of_unspaced_text(
    table: sqlite3.Connection, text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    part = text[start:end]
    if all(ord(character) >= 0x4E00 and character != "," for character in part):
        assert found(table, text, part)
        assert any(first <= start and end <= last for first, last in highlights(text, part))


@given(MIXED)
def test_query_finds_words_by_prefix_in_any_case(table: sqlite3.Connection, text: str) -> None:
    for word in text.split():
        plain = "".join(character for character in word if character.isascii() and character.isalnum())
        if plain and plain == word:
            for typed in (word[:1], word, word.upper(), f"{word} "):
                assert found(table, text, typed)


@given(MIXED)
def test_query_finds_text_equal_to_it(table: sqlite3.Connection, text: str) -> None:
    assert not terms(text) or found(table, text, text)


@given(st.one_of(MIXED, st.lists(st.sampled_from(SPECIAL)).map(" ".join), st.text(ANY)))
def test_match_accepts_any_query(table: sqlite3.Connection, query: str) -> None:
    if match(query):
        found(table, "any text", query)
    highlights("any text 任何", query)


def test_match_is_empty_for_query_without_terms() -> None:
    assert [match(query) for query in ("", "  ", '"', "*()", "\ud800", "\u0301")] == [""] * 6


def test_match_limits_long_query(table: sqlite3.Connection) -> None:
    assert match("一" * 10_000) == match("一" * 200)
    assert match("a " * 1_000).count("AND") == 19
    assert found(table, "b" * 5_000, "b" * 300)


@given(MIXED, MIXED)
def test_highlights_are_ordered_and_disjoint(text: str, query: str) -> None:
    ranges = highlights(text, query)
    ends = [0, *(place for both in ranges for place in both), len(text)]
    assert ends == sorted(ends)
    assert all(first < last for first, last in ranges)
    assert all(last < first for (_, last), (first, _) in zip(ranges, ranges[1:], strict=False))


def test_highlights_mark_matches_in_original_text() -> None:
    text = "哈哈哈 Straße and Café"
    marked = [text[first:last] for first, last in highlights(text, "哈哈 strasse caf")]
    assert marked == ["哈哈哈", "Straße", "Café"]


@given(MIXED, MIXED, st.integers(4, 60))
def test_excerpt_is_short_and_on_one_line(text: str, query: str, most: int) -> None:
    part = excerpt(text, query, most)
    assert len(part.text) <= most + 2
    assert "\n" not in part.text
    for first, last in part.ranges:
        assert 0 <= first < last <= len(part.text)


def test_excerpt_begins_shortly_before_match() -> None:
    text = "one two three four five six seven\neight nine ten"
    assert excerpt(text, "", 12) == Excerpt("one two thre…")
    assert excerpt(text, "six", 12) == Excerpt("…ve six seven…", ((4, 7),))
    assert excerpt(text, "ten", 12) == Excerpt("…ght nine ten", ((10, 13),))
    assert excerpt("short", "short", 12) == Excerpt("short", ((0, 5),))


@pytest.mark.parametrize(("text", "query"), [("漢語錄音", "汉语"), ("汉语录音", "錄"), ("頭髮", "头发")])
def test_traditional_and_simplified_characters_match(table: sqlite3.Connection, text: str, query: str) -> None:
    assert found(table, text, query)
    ((first, last),) = highlights(text, query)
    assert last - first == len(query) and excerpt(text, query).text == text


def test_simplified_keeps_number_of_characters() -> None:
    assert is_known()
    assert simplified("漢語錄音，電腦 and 简体 stay 😀") == "汉语录音，电脑 and 简体 stay 😀"


WITHOUT = """
import sys
sys.modules["opencc"] = None
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "opencc" else find(name, package)
from app.history import database, search_terms as words
from app.history.search_terms import simplified
print(simplified("漢語"), words.terms("漢語"), words.highlights("漢語", "汉语"), database.schema())
"""


def test_characters_match_only_themselves_without_dictionary() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["漢語", "漢語", "語", "()", str(schema() - 1)], done.stderr
