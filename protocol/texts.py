"""Joining of segment texts. Pure."""

from collections.abc import Iterable
from typing import Final

Ranges = tuple[tuple[int, int], ...]

# Scripts that are written without spaces between words.
_UNSPACED: Final[Ranges] = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x312F),  # CJK radicals, kana, bopomofo
    (0x3190, 0x9FFF),  # CJK ideographs
    (0xF900, 0xFAFF),  # compatibility ideographs
    (0xFF10, 0xFF9F),  # full-width letters and digits, half-width kana
    (0x20000, 0x3FFFF),  # ideograph extensions
)
# Punctuation of these scripts, whose glyphs include their own white space.
_PUNCTUATION: Final[Ranges] = ((0x3000, 0x303F), (0xFE30, 0xFE4F), (0xFF01, 0xFF0F), (0xFF1A, 0xFF20))


def join_texts(texts: Iterable[str]) -> str:
    """Join texts with spaces, but without a space between scripts that do not use spaces."""
    whole: list[str] = []
    for text in texts:
        piece = text.strip()
        if not piece:
            continue
        if whole and _spaced(whole[-1][-1], piece[0]):
            whole.append(" ")
        whole.append(piece)
    return "".join(whole)


def _spaced(left: str, right: str) -> bool:
    if _within(left, _PUNCTUATION) or _within(right, _PUNCTUATION):
        return False
    return not (_within(left, _UNSPACED) and _within(right, _UNSPACED))


def _within(character: str, ranges: Ranges) -> bool:
    code = ord(character)
    return any(first <= code <= last for first, last in ranges)
