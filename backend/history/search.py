"""Build terms and queries for SQLite's FTS5 and PostgreSQL, so that both give equal results. Pure.

``protocol.words`` defines words. Both databases get ready-made terms, and a query has only these terms
and our own operators. The owner of a segment is a term too, so that the index itself restricts a search to one
key's segments. A change of how terms are made needs a migration that indexes the texts again.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from backend.history.records import SessionFilter
from protocol.words import SearchTerms, search_phrases, terms

_OWNER: Final = "\ue000"
_TENANT: Final = "\ue001"
_KIND: Final = "\ue002"
# Private-use characters: no word contains them, so neither speech nor a query can produce these terms.
_MOST_BYTES: Final = 900_000  # PostgreSQL accepts one megabyte per segment, which is hours of speech
_PLACE_BYTES: Final = 8


def terms_of(text: str, whose: SessionFilter) -> list[str]:
    """Return a segment's index terms in order, up to the index's limit; none for a text without words."""
    said = list(_bounded_terms(terms(text)))
    return [*_marks(whose), *said] if said else []


def fts5_terms(terms: list[str]) -> str:
    """Format terms for the FTS5 column."""
    return " ".join(terms)


def fts5_query(query: str, wanted: SessionFilter) -> str:
    """Build the ``MATCH`` query; empty if the query has no words."""
    phrases = [_fts5(one) for one in search_phrases(query)]
    marks = [f'"{mark}"' for mark in _marks(wanted)]
    return " AND ".join((*marks, *phrases)) if phrases else ""


def tsvector(terms: list[str]) -> str:
    """Format terms for the PostgreSQL column."""
    return " ".join(f"'{term}':{place}" for place, term in enumerate(terms, 1))


def tsquery(query: str, wanted: SessionFilter) -> str:
    """Build the query for ``@@``; empty if the query has no words."""
    phrases = [_tsquery(one) for one in search_phrases(query)]
    marks = [f"'{mark}'" for mark in _marks(wanted)]
    return " & ".join((*marks, *phrases)) if phrases else ""


def _bounded_terms(terms: Iterator[str]) -> Iterator[str]:
    size = 0
    for term in terms:
        size += len(term.encode()) + _PLACE_BYTES
        if size > _MOST_BYTES:
            return
        yield term


def _marks(whose: SessionFilter) -> Iterator[str]:
    """Return owner, tenant and kind as digest terms: terms have only letters and digits, names may have more."""
    for sign, name in ((_OWNER, whose.owner), (_TENANT, whose.tenant), (_KIND, whose.kind)):
        if name is not None:
            yield sign + sha256(name.encode()).hexdigest()[:16]


def _fts5(one: SearchTerms) -> str:
    return f'"{" ".join(one.phrase)}"' + "*" * one.goes_on


def _tsquery(one: SearchTerms) -> str:
    phrase = " <-> ".join(f"'{term}'" for term in one.phrase)
    return f"({phrase})" if len(one.phrase) > 1 else phrase + ":*" * one.goes_on
