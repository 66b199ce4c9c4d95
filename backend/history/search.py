"""Terms and queries of the history's search, as SQLite's FTS5 and PostgreSQL want them: both answer alike. Pure.

What a word is, ``protocol.words`` decides. Both databases are given terms that are ready; a query has nothing in
it but these and our own signs. Whose a segment is, is a term of it too, so that the index itself finds what one
key may see. Whoever changes what the terms of a text are makes a migration that indexes the texts anew.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from backend.history.records import Wanted
from protocol.words import Sought, sought, terms

_OWNER: Final = "\ue000"
_TENANT: Final = "\ue001"
_KIND: Final = "\ue002"
# For private use: no word has such a character, so nobody can search for these terms, or say them.
_MOST_BYTES: Final = 900_000  # PostgreSQL takes a megabyte of a segment, which is hours of speech
_PLACE_BYTES: Final = 8


def terms_of(text: str, whose: Wanted) -> list[str]:
    """What is indexed of a segment, in order, as far as an index can take it; nothing where nothing was said."""
    said = list(_bounded(terms(text)))
    return [*_marks(whose), *said] if said else []


def fts5_terms(terms: list[str]) -> str:
    """For the column."""
    return " ".join(terms)


def fts5_query(query: str, wanted: Wanted) -> str:
    """For ``MATCH``; empty: the query names nothing."""
    phrases = [_fts5(one) for one in sought(query)]
    marks = [f'"{mark}"' for mark in _marks(wanted)]
    return " AND ".join((*marks, *phrases)) if phrases else ""


def tsvector(terms: list[str]) -> str:
    """For the column."""
    return " ".join(f"'{term}':{place}" for place, term in enumerate(terms, 1))


def tsquery(query: str, wanted: Wanted) -> str:
    """For ``@@``; empty: the query names nothing."""
    phrases = [_tsquery(one) for one in sought(query)]
    marks = [f"'{mark}'" for mark in _marks(wanted)]
    return " & ".join((*marks, *phrases)) if phrases else ""


def _bounded(terms: Iterator[str]) -> Iterator[str]:
    size = 0
    for term in terms:
        size += len(term.encode()) + _PLACE_BYTES
        if size > _MOST_BYTES:
            return
        yield term


def _marks(whose: Wanted) -> Iterator[str]:
    """As digests: a term has letters and figures alone, and names may have more."""
    for sign, name in ((_OWNER, whose.owner), (_TENANT, whose.tenant), (_KIND, whose.kind)):
        if name is not None:
            yield sign + sha256(name.encode()).hexdigest()[:16]


def _fts5(one: Sought) -> str:
    return f'"{" ".join(one.phrase)}"' + "*" * one.goes_on


def _tsquery(one: Sought) -> str:
    phrase = " <-> ".join(f"'{term}'" for term in one.phrase)
    return f"({phrase})" if len(one.phrase) > 1 else phrase + ":*" * one.goes_on
