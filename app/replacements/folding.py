"""Normalised texts for comparison: without case, without width, with accents as separate marks. Pure.

Letters are decomposed (``é`` becomes ``e`` and a mark), so that both spellings are equal.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

_WIDTHS: Final = ("<wide>", "<narrow>")


class FoldedText(NamedTuple):
    """Normalised text with a mapping of positions.

    ``places``: for each character of ``plain`` its position in the text, then the text's length. ``firsts``: for
    each position of the text its first character in ``plain``, then the length of ``plain``.
    """

    plain: str
    places: Sequence[int]
    firsts: Sequence[int]


def folded(text: str, *, case: bool) -> FoldedText:
    """Normalise a text; with ``case``, also ignore case and width."""
    if text.isascii():
        whole = range(len(text) + 1)
        return FoldedText(_spaces(text.lower() if case else text), whole, whole)
    fold = _plain if case else _apart
    parts = [fold(character) for character in text]
    places, firsts = list[int](), list[int]()
    for place, part in enumerate(parts):
        firsts.append(len(places))
        places += [place] * len(part)
    return FoldedText("".join(parts), [*places, len(text)], [*firsts, len(places)])


def one_line(text: str) -> str:
    """Replace every run of whitespace by one space."""
    return " ".join(text.split())


def _spaces(text: str) -> str:
    return "".join(" " if char.isspace() else char for char in text) if not text.isprintable() else text


@lru_cache(maxsize=4_096)
def _apart(character: str) -> str:
    return " " if character.isspace() else unicodedata.normalize("NFD", character)


@lru_cache(maxsize=4_096)
def _plain(character: str) -> str:
    width, _, codes = unicodedata.decomposition(character).partition(" ")
    narrow = "".join(chr(int(code, 16)) for code in codes.split()) if width in _WIDTHS else character
    return _apart(narrow) if narrow.isspace() else unicodedata.normalize("NFD", narrow.casefold())
