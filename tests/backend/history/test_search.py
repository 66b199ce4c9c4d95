"""Test that SQLite and PostgreSQL find the same texts."""

import re
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.history.records import Page, SessionFilter, SessionOwner
from backend.history.search import fts5_query, terms_of, tsquery, tsvector
from backend.history.store import Store
from protocol.rest import SessionKind
from protocol.words import terms
from tests.backend.history.feed import ALL_SESSIONS, ANN, BOB, final, found
from tests.helpers.examples import examples


def test_hit_shows_the_match_in_its_excerpt(store: Store) -> None:
    store.record([final("我们明天去公园。 " + "好" * 300)])
    (hit,) = store.search("明天", ALL_SESSIONS).items
    assert [hit.excerpt[first:last] for first, last in hit.ranges] == ["明天"]
    assert len(hit.excerpt) <= 202


@pytest.mark.parametrize("query", ["", "  ", "\"'", "*()&|!:", "\\", "\0"])
def test_query_without_words_finds_nothing(store: Store, query: str) -> None:
    store.record([final("anything")])
    assert store.search(query, ALL_SESSIONS) == Page(())


def test_search_finds_only_segments_of_the_owner(store: Store) -> None:
    store.record([final("shared words", "a", about=ANN), final("shared words", "b", about=BOB)])
    assert found(store, "shared", SessionFilter(owner="bob")) == [("b", 0)]
    assert found(store, "shared", SessionFilter(owner="eve")) == []


OWNERS = count()
LETTERS = "我们天ab "
SPOKEN = st.text(LETTERS, max_size=12)


def matches(text: str, query: str) -> bool:
    """Return whether a text matches: it contains each Chinese run, and has each word."""
    for one in re.finditer("([我们天]+)|([ab]+)", query):
        (run, word), last = one.groups(""), one.end() == len(query)
        words = re.findall("[ab]+", text)
        if run and run not in text:
            return False
        if word and not any(spoken.startswith(word) if last else spoken == word for spoken in words):
            return False
    return True


@given(st.lists(SPOKEN, min_size=1, max_size=5), SPOKEN)
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_search_agrees_with_scan_of_every_text(store: Store, texts: list[str], query: str) -> None:
    about = SessionOwner(f"owner {next(OWNERS)}")
    store.record([final(text, about.owner, number, about) for number, text in enumerate(texts)])
    expected = [number for number, text in enumerate(texts) if query.strip() and matches(text, query)]
    numbers = [number for _, number in found(store, query, SessionFilter(about.owner))]
    assert sorted(numbers) == expected


@given(st.text(max_size=60))
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_query_is_accepted(store: Store, query: str) -> None:
    store.search(query, ALL_SESSIONS)


def test_owner_terms_cannot_occur_in_text_or_query() -> None:
    whose = SessionFilter("ann", "acme", kind=SessionKind.STREAM)
    marks = terms_of("hello", whose)[:3]
    assert all(list(terms(mark)) and not set(terms(mark)) & set(marks) for mark in marks)
    assert terms_of("。", whose) == []


def test_query_contains_only_terms_and_known_operators() -> None:
    assert fts5_query("我们的 hel", SessionFilter()) == '"我们 们的" AND "hel"*'
    assert tsquery("我们的 hel", SessionFilter()) == "('我们' <-> '们的') & 'hel':*"
    assert (fts5_query("*", SessionFilter("ann")), tsquery("*", SessionFilter("ann"))) == ("", "")
    assert tsvector(["我们", "们"]) == "'我们':1 '们':2"
