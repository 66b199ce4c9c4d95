"""Search terms of texts and queries for the index. Pure, but for the dictionary.

Works as ``protocol.words``, and also matches traditional and simplified characters with each other. The table
uses the tokenizer ``ascii``, for which every non-ASCII character belongs to a word. So ``protocol.words`` alone
decides where words begin and end. A query contains only letters, digits, symbols and our own quotation marks.
"""

from typing import Final

from app.history import chinese_scripts
from protocol import words
from protocol.words import Excerpt, Range, SearchTerms

_VERSION: Final = 2


def version() -> int:
    """Return a number that changes whenever the same text would yield other terms, which invalidates an index."""
    return 2 * _VERSION + chinese_scripts.is_known()


def terms(text: str) -> str:
    """Return the terms of a text for the index, separated by spaces."""
    return " ".join(words.terms(chinese_scripts.simplified(text)))


def match(query: str) -> str:
    """Return the query for FTS5; empty if it contains no term."""
    return " AND ".join(_expression(one) for one in words.sought(chinese_scripts.simplified(query)))


def highlights(text: str, query: str) -> tuple[Range, ...]:
    """Return the ranges of a text that match the query, in order, without overlaps."""
    return words.highlights(chinese_scripts.simplified(text), chinese_scripts.simplified(query))


def excerpt(text: str, query: str = "", most: int = 200) -> Excerpt:
    """Return at most ``most`` characters of a text, from shortly before the first match."""
    return words.excerpt(text, highlights(text, query) if query else (), most)


def _expression(one: SearchTerms) -> str:
    return f'"{" ".join(one.phrase)}"' + "*" * one.goes_on
