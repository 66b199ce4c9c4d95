"""Choose between the text of a span and the texts of its pieces, which were recognised separately. Pure."""

import unicodedata
from collections.abc import Collection, Sequence
from typing import Final

from protocol.scripts import is_foreign

_ENOUGH: Final = 0.6
_WIDE: Final = 3  # a Chinese character says as much as about three Latin letters


def prefers_span(span: str, pieces: Sequence[str | None], languages: Collection[str]) -> bool:
    """Return whether to use the text of a span rather than those of its pieces (``None``: not known yet).

    Reject a text that is empty, in a script of no listed language, or much shorter than the known pieces.
    """
    if not span.strip() or is_foreign(span, languages):
        return False
    return _length(span) >= _ENOUGH * sum(_length(piece) for piece in pieces if piece is not None)


def _length(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(letter) == "W" for letter in text if letter.isalnum())
    return sum(map(str.isalnum, text)) + (_WIDE - 1) * wide
