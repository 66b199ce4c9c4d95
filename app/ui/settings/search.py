"""Search in the settings: terms, matching and marking. Pure."""

import html
import re
import unicodedata


def terms(query: str) -> tuple[str, ...]:
    """Split a query into normalised terms, all of which must match in any order."""
    return tuple(unicodedata.normalize("NFKC", query).casefold().split())


def found(wanted: tuple[str, ...], words: str) -> bool:
    """Return True if each term occurs in ``words``, which must be in lower case."""
    return all(term in words for term in wanted)


def marked(text: str, wanted: tuple[str, ...], style: str) -> str:
    """Return ``text`` as HTML with the terms in this style; ``wanted`` must not be empty."""
    pattern = re.compile("|".join(map(re.escape, sorted(wanted, key=len, reverse=True))), re.IGNORECASE)
    parts, place = list[str](), 0
    for hit in pattern.finditer(text):
        parts += [
            html.escape(text[place : hit.start()]),
            f'<span style="{style}">{html.escape(hit.group())}</span>',
        ]
        place = hit.end()
    return "".join([*parts, html.escape(text[place:])])
