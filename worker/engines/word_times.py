"""Words with times, from the pieces of text that a model writes and the moment that it heard each in. Pure.

A piece belongs to the word before it, unless a word mark or a space is between them, or one of both is a character
of a script without spaces, which is a word by itself.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from protocol.recognition import Word
from protocol.words import UNSPACED
from worker.engines.vocabulary import WORD_MARK, join_pieces

_LONGEST_PIECE_S: Final = 0.3
"""A model gives the time when it hears a piece, not when the piece ends: with the next one, or this time later."""
_BEGINS: Final = re.compile(rf"[ {WORD_MARK}{UNSPACED}]|<0x(?:E[3-9]|F0)>")
_ENDS: Final = re.compile(rf"[ {WORD_MARK}{UNSPACED}]$|<0x[89AB][0-9A-F]>$")
_BYTE: Final = re.compile(r"<0x[89AB][0-9A-F]>")
_TAG: Final = re.compile(r"<\|.*\|>")
AROUND: Final = " ,.:;?!…，。：；？！、"
"""Marks that joins of texts change: words are found without them."""


class TimedPiece(NamedTuple):
    """Part of a text, and when the model heard it, in seconds from the start of the recording."""

    text: str
    at_s: float


def pieces_of(text: str, found: Sequence[tuple[int, float]]) -> list[TimedPiece]:
    """Return the pieces of a text that begin at places, with the seconds of each."""
    spans = pairwise([*found, (len(text), 0.0)])
    return [TimedPiece(text[place:end], at_s) for (place, at_s), (end, _) in spans if place < end]


def timed_words(
    pieces: Iterable[TimedPiece], length_s: float, longest_s: float = _LONGEST_PIECE_S
) -> tuple[Word, ...]:
    """Return the words of the pieces of a recording, without tags and without punctuation around them.

    ``longest_s``: how long a piece lasts before a pause.
    """
    words: list[Word] = []
    said = [piece for piece in pieces if not _TAG.fullmatch(piece.text)]
    group: list[tuple[TimedPiece, float]] = []
    for piece, after in pairwise([*said, TimedPiece("", length_s)]):
        if group and _is_new(group[-1][0].text, piece.text):
            words += _word(group)
            group = []
        group.append((piece, min(after.at_s, piece.at_s + longest_s)))
    return (*words, *_word(group))


def _is_new(before: str, piece: str) -> bool:
    """Return whether a piece begins a word."""
    if _BYTE.fullmatch(piece):
        return False
    return bool(_BEGINS.match(piece) or (_ENDS.search(before) and piece.strip(AROUND)))


def _word(group: Sequence[tuple[TimedPiece, float]]) -> list[Word]:
    text = join_pieces(piece.text for piece, _ in group).strip(AROUND)
    if not text:
        return []
    end_s = next(end_s for piece, end_s in reversed(group) if piece.text.strip(AROUND))
    return [Word(text, round(1000 * group[0][0].at_s), round(1000 * end_s))]
