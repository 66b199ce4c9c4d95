"""What of a text can be searched for in the index, and what a search means. Pure, but for the dictionary.

As ``protocol.words``; besides, traditional and simplified characters find each other.

The table has the tokenizer ``ascii``, for which any character beyond ASCII belongs to a word. So what is a word is
decided there alone, and a query consists of nothing but letters, figures, symbols and our own quotation marks.
"""

from typing import Final

from app.history import scripts
from protocol import words
from protocol.words import Excerpt, Range, Sought

_VERSION: Final = 2


def version() -> int:
    """Another one wherever the same text would become other terms: an index of before is of no use then."""
    return 2 * _VERSION + scripts.is_known()


def terms(text: str) -> str:
    """What is put into the index, terms with a space between them."""
    return " ".join(words.terms(scripts.simplified(text)))


def match(query: str) -> str:
    """The query for FTS5; empty if it names nothing that could be looked for."""
    return " AND ".join(_expression(one) for one in words.sought(scripts.simplified(query)))


def highlights(text: str, query: str) -> tuple[Range, ...]:
    """What of a text that was found was searched for, in order, without overlaps."""
    return words.highlights(scripts.simplified(text), scripts.simplified(query))


def excerpt(text: str, query: str = "", most: int = 200) -> Excerpt:
    """At most so many characters of a text, from shortly before the first of what was searched for."""
    return words.excerpt(text, highlights(text, query) if query else (), most)


def _expression(one: Sought) -> str:
    return f'"{" ".join(one.phrase)}"' + "*" * one.goes_on
