"""Difference between two texts, for display: by word, or by character in scripts without spaces. Pure.

Time is bounded: token sequences that occur once in both texts are anchors, as in patience diff (Bram Cohen).
Only short stretches between anchors are compared token by token; longer ones count as different.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from protocol.words import UNSPACED

_TOKEN: Final = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+|\s+|.", re.DOTALL)
_SHINGLE: Final = 3
_MOST_AT_ONCE: Final = 40_000
_MOST_COMPARED: Final = 400_000
"""Limits on compared pairs of tokens: in one stretch, and in total."""

Tokens = Sequence[str]


class DifferenceKind(StrEnum):
    """Kinds of change to a piece of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class TextPiece:
    """Piece of one text or of both."""

    change: DifferenceKind
    text: str


def difference(before: str, after: str) -> tuple[TextPiece, ...]:
    """Return the pieces of both texts in order.

    The same and removed pieces form ``before``, the same and added pieces ``after``.
    """
    removed, added, same = "", "", ""
    pieces: list[TextPiece] = []
    for old, new in _stretches(_TOKEN.findall(before), _TOKEN.findall(after)):
        if old == new:
            same += "".join(old)
            continue
        if same.isspace() and (removed or added):  # merge changes that only whitespace separates
            removed, added = removed + same, added + same
        elif same:
            pieces += _pieces(removed, added, same)
            removed = added = ""
        same = ""
        removed, added = removed + "".join(old), added + "".join(new)
    return (*pieces, *_pieces(removed, added, same))


def words_that_differ(pieces: Sequence[TextPiece]) -> int:
    """Count the words (in scripts without spaces: characters) of the longer side of each change."""
    count, sides = 0, {DifferenceKind.REMOVED: 0, DifferenceKind.ADDED: 0}
    for piece in pieces:
        if piece.change is DifferenceKind.SAME:
            count, sides = count + max(sides.values()), dict.fromkeys(sides, 0)
        else:
            sides[piece.change] += sum(token[0].isalnum() for token in _TOKEN.findall(piece.text))
    return count + max(sides.values())


def _pieces(removed: str, added: str, same: str) -> Iterator[TextPiece]:
    for change, text in (
        (DifferenceKind.REMOVED, removed),
        (DifferenceKind.ADDED, added),
        (DifferenceKind.SAME, same),
    ):
        if text:
            yield TextPiece(change, text)


def _stretches(old: Tokens, new: Tokens) -> Iterator[tuple[Tokens, Tokens]]:
    """Yield pairs of stretches that cover both texts; unchanged stretches form pairs of equals."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    middle = old[start : len(old) - end], new[start : len(new) - end]
    yield old[:start], new[:start]
    left = _MOST_COMPARED
    for ours, theirs in _between_anchors(*middle):
        pairs = len(ours) * len(theirs)
        if ours == theirs or pairs > min(left, _MOST_AT_ONCE):
            yield ours, theirs
            continue
        left -= pairs
        for _, a, b, c, d in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
            yield ours[a:b], theirs[c:d]
    yield old[len(old) - end :], new[len(new) - end :]


def _common(old: Tokens, new: Tokens) -> int:
    """Count the tokens of the common prefix."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def _between_anchors(old: Tokens, new: Tokens) -> Iterator[tuple[Tokens, Tokens]]:
    if len(old) * len(new) <= _MOST_AT_ONCE:
        yield old, new
        return
    ours, theirs = 0, 0
    for a, b in _anchors(old, new):
        yield old[ours:a], new[theirs:b]
        yield old[a : a + 1], new[b : b + 1]
        ours, theirs = a + 1, b + 1
    yield old[ours:], new[theirs:]


def _anchors(old: Tokens, new: Tokens) -> list[tuple[int, int]]:
    """Return the positions in both texts of unique shingles: the longest chain that is ordered in both."""
    here, there = _once(old), _once(new)
    pairs = [(at, there[shingle]) for shingle, at in here.items() if shingle in there]
    ends: list[int] = []  # by chain length: position in the new text of the last pair
    chains: list[tuple[int, int, int]] = []  # a pair, and the index of its predecessor
    lasts: list[int] = []
    for a, b in pairs:  # ordered by position in the old text
        length = bisect_left(ends, b)
        chains.append((a, b, lasts[length - 1] if length else -1))
        ends[length : length + 1] = [b]
        lasts[length : length + 1] = [len(chains) - 1]
    found: list[tuple[int, int]] = []
    last = lasts[-1] if lasts else -1
    while last >= 0:
        a, b, last = chains[last]
        found.append((a, b))
    return found[::-1]


def _once(tokens: Tokens) -> dict[tuple[str, ...], int]:
    """Return the positions of the shingles that occur only once."""
    shingles = [tuple(tokens[at : at + _SHINGLE]) for at in range(len(tokens) - _SHINGLE + 1)]
    counts = Counter(shingles)
    return {shingle: at for at, shingle in enumerate(shingles) if counts[shingle] == 1}
