"""What a search of the settings finds, and where in a text. Pure."""

import html
import re
import unicodedata


def terms(query: str) -> tuple[str, ...]:
    """What must all be there, in whatever order."""
    return tuple(unicodedata.normalize("NFKC", query).casefold().split())


def found(wanted: tuple[str, ...], words: str) -> bool:
    """Whether each is somewhere in ``words``, which are in lower case."""
    return all(term in words for term in wanted)


def marked(text: str, wanted: tuple[str, ...], style: str) -> str:
    """``text`` as HTML, with what was searched for, something, in this style."""
    pattern = re.compile("|".join(map(re.escape, sorted(wanted, key=len, reverse=True))), re.IGNORECASE)
    parts, place = list[str](), 0
    for hit in pattern.finditer(text):
        parts += [
            html.escape(text[place : hit.start()]),
            f'<span style="{style}">{html.escape(hit.group())}</span>',
        ]
        place = hit.end()
    return "".join([*parts, html.escape(text[place:])])
