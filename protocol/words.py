"""Full-text search terms of texts and queries, for the app's and a gateway's history. Pure.

Scripts without spaces between words (Chinese above all) are indexed as overlapping pairs of characters, and the
last character of a run by itself. A query of several characters is a phrase of pairs; a query of a single
character is a prefix of a pair. Other words are compared without case, accents and width; the last word of a
query is a prefix. A text matches only if it contains every term of the query.

Only this module defines words, so a term consists of nothing but letters, figures and symbols.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

UNSPACED: Final = (
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff"  # radicals, kana
    "\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff"  # bopomofo, jamo
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f"  # ideographs, Hangul (its endings vary)
    "\U00020000-\U0003ffff"
)
_TOKEN: Final = re.compile(
    f"(?P<run>[{UNSPACED}]+)|(?P<symbol>[\u2600-\u27bf\U0001f300-\U0001faff])|(?P<word>[^\\W_{UNSPACED}]+)"
)
_LONGEST_WORD: Final = 64
_LONGEST_QUERY: Final = 200
_MOST_QUERY_TOKENS: Final = 20

Range = tuple[int, int]
"""Half-open range of code points: start (included), end (excluded)."""


@dataclass(frozen=True)
class _Token:
    """Token of a text. ``plain``: its form for comparison. ``run``: unspaced characters or a symbol."""

    start: int
    end: int
    plain: str
    run: bool


class SearchTerms(NamedTuple):
    """Terms that must follow each other. ``goes_on``: the only term may be the beginning of a longer one."""

    phrase: tuple[str, ...]
    goes_on: bool


@dataclass(frozen=True)
class Excerpt:
    """Part of a text on one line, with the ranges of the search terms in it."""

    text: str
    ranges: tuple[Range, ...] = ()


def terms(text: str) -> Iterator[str]:
    """Return the index terms of a text, in order."""
    return (term for token in _tokens(text) for term in _index_terms(token))


def search_phrases(query: str) -> list[SearchTerms]:
    """Return the phrases that a text must contain; empty if the query has no searchable term."""
    return [_phrase(token, may_go_on) for token, may_go_on in _query_tokens(query)]


def literal(query: str) -> str:
    """Return the characters that a text must contain if the query has no searchable term; else empty."""
    return "" if search_phrases(query) else query[:_LONGEST_QUERY].strip()


def highlights(text: str, query: str) -> tuple[Range, ...]:
    """Return the ranges of a text that match the query, in order, without overlaps."""
    sought = _query_tokens(query)
    found = [place for token, _ in sought if token.run for place in _occurrences(text, token.plain)]
    if words := [(token.plain, may_go_on) for token, may_go_on in sought if not token.run]:
        found += [
            (here.start, here.end) for here in _tokens(text) if not here.run and _matches_any(here.plain, words)
        ]
    if exact := literal(query):
        found += _occurrences(text, exact)
    return _merge_ranges(found)


def excerpt(text: str, ranges: tuple[Range, ...] = (), most: int = 200) -> Excerpt:
    """Return at most ``most`` characters of a text, starting shortly before the first range."""
    start = max(0, ranges[0][0] - most // 4) if ranges else 0
    start = max(0, min(start, len(text) - most))
    end = min(len(text), start + most)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    shift = len(before) - start
    inside = [(max(first, start) + shift, min(last, end) + shift) for first, last in ranges if first < end]
    return Excerpt(before + re.sub(r"\s", " ", text[start:end]) + after, tuple(inside))


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        is_word = found.lastgroup == "word"
        plain = _plain(found[0]) if is_word else found[0]
        if plain:
            yield _Token(found.start(), found.end(), plain, not is_word)


def _plain(word: str) -> str:
    """Fold case, accents and width; the result has no character that is special to a database."""
    if word.isascii():
        return word.lower()[:_LONGEST_WORD]
    folded = unicodedata.normalize("NFKD", word).casefold()
    return "".join(filter(str.isalnum, folded))[:_LONGEST_WORD]


def _index_terms(token: _Token) -> Iterator[str]:
    if token.run:
        return (token.plain[at : at + 2] for at in range(len(token.plain)))
    return iter((token.plain,))


def _query_tokens(query: str) -> list[tuple[_Token, bool]]:
    """Return the tokens of a query, each with whether it may be an unfinished word (a prefix)."""
    query = query[:_LONGEST_QUERY]
    return [(token, token.end == len(query)) for token in islice(_tokens(query), _MOST_QUERY_TOKENS)]


def _phrase(token: _Token, may_go_on: bool) -> SearchTerms:
    if not token.run:
        return SearchTerms((token.plain,), may_go_on)
    if len(token.plain) == 1:
        return SearchTerms((token.plain,), True)
    return SearchTerms(tuple(token.plain[at : at + 2] for at in range(len(token.plain) - 1)), False)


def _matches_any(word: str, words: list[tuple[str, bool]]) -> bool:
    return any(word.startswith(term) if may_go_on else word == term for term, may_go_on in words)


def _occurrences(text: str, run: str) -> Iterator[Range]:
    at = text.find(run)
    while at >= 0:
        yield at, at + len(run)
        at = text.find(run, at + 1)


def _merge_ranges(ranges: list[Range]) -> tuple[Range, ...]:
    merged: list[Range] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)
