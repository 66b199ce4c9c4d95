"""Search terms of texts and queries for the index. Pure, but for the dictionary.

Works as ``protocol.words``, and also matches traditional and simplified characters with each other. The table
uses the tokenizer ``ascii``, for which every non-ASCII character belongs to a word. So ``protocol.words`` alone
decides where words begin and end. A query contains only letters, digits, symbols and our own quotation marks.
"""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from itertools import chain
from typing import Any, Final

from protocol import words
from protocol.words import Excerpt, Range, SearchTerms

_BLOCKS: Final = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFADA))
_LIBRARY: Final = "opencc"


def is_known() -> bool:
    """Return whether the dictionary is installed, without opening it."""
    return find_spec(_LIBRARY) is not None


def simplified(text: str) -> str:
    """Replace each character by its simplified one; the length stays the same."""
    return text.translate(_table())


@cache
def _table() -> Mapping[int, str]:
    """Build the translation table in some 20 ms at first use; the library's own dictionaries are freed."""
    if not is_known():
        return {}
    from opencc import OpenCC

    converter: Any = OpenCC("t2s")
    characters = [chr(code) for code in chain(*_BLOCKS)]
    converted = converter.convert("\n".join(characters)).split("\n")
    pairs = zip(characters, converted, strict=True)
    return {ord(one): other for one, other in pairs if one != other and len(other) == 1}


_VERSION: Final = 2


def version() -> int:
    """Return a number that changes whenever the same text would yield other terms, which invalidates an index."""
    return 2 * _VERSION + is_known()


def terms(text: str) -> str:
    """Return the terms of a text for the index, separated by spaces."""
    return " ".join(words.terms(simplified(text)))


def match(query: str) -> str:
    """Return the query for FTS5; empty if it contains no term."""
    return " AND ".join(_expression(one) for one in words.search_phrases(simplified(query)))


def literal(query: str) -> str:
    """Return the characters to find if the query contains no term, such as ``*``; else empty."""
    return words.literal(query).encode(errors="replace").decode()


def highlights(text: str, query: str) -> tuple[Range, ...]:
    """Return the ranges of a text that match the query, in order, without overlaps."""
    return words.highlights(simplified(text), simplified(query))


def excerpt(text: str, query: str, most: int = 200) -> Excerpt:
    """Return at most ``most`` characters of a text, from shortly before the first match."""
    return words.excerpt(text, highlights(text, query) if query else (), most)


def _expression(one: SearchTerms) -> str:
    return f'"{" ".join(one.phrase)}"' + "*" * one.goes_on
